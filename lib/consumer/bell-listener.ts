import { MAX_SLEEP_MS, type Ring, type TaskBroker, type WorkerPlace } from '../broker/task-broker.js';
import { Alarm } from './alarm.js';
import type { Consumer } from './consumer.js';
import { Gate } from './gate.js';
import type { OutageLog } from './outage-log.js';

/** How long at most a sleep waits for the consumer that was rung: most often it sleeps again at once. */
const REGROUP_MS = 20;
const PAUSE_MS = 250;
/** How long all consumers are busy before somebody listens to what is said to this worker alone. */
const BUSY_MS = 200;
/** The first sleep after an error: it only tells whether there can be others. */
const NAP_MS = 1;

/**
 * The sleep of a worker. Listens to the bells of all queues that were found empty and have free slots, to those for room of queues
 * where limits are in the way, and to those of this worker alone, over one blocking connection, and sends a consumer to its queue when the bell rings, when a scheduled
 * task is due, and once in a while in case that a ring was lost. Never ends before `stop`, and never rejects.
 */
export class BellListener {
  private readonly changed = new Gate();
  /** Whose queues' bells are heard at present, and whether only for room among those that are held up; `null` while nothing is. */
  private heard: ReadonlyMap<Consumer, { isForRoom: boolean }> | null = null;
  private readonly alarm = new Alarm(() => this.lookWhereDue());
  private readonly peekAlarm = new Alarm(() => void this.peek());
  private stopped = false;
  private failed = false;

  constructor(
    private readonly broker: TaskBroker,
    private readonly consumers: readonly Consumer[],
    private readonly outages: OutageLog,
  ) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      await this.untilAsleep();
      if (this.consumers.every(({ workerId }) => workerId === null)) await this.changed.pass();
      else if (!this.stopped) await this.sleep(this.consumers.filter((consumer) => consumer.sleeps));
    }
  }

  /** To be called when a consumer may have begun to sleep, or to be busy. */
  notice(consumer: Consumer): void {
    this.changed.open();
    if (!consumer.sleeps || this.stopped) return;
    this.alarm.set(consumer.looksAgainAt);
    if (rests(consumer)) this.peekAlarm.set(performance.now() + MAX_SLEEP_MS);
    if (this.heard && !this.hears(consumer)) this.broker.wake();
  }

  /** A consumer has ended. Where there is none left nothing is listened to, until one is started. */
  left(): void {
    if (this.consumers.length === 0) this.outages.leave(this);
  }

  stop(): void {
    this.stopped = true;
    this.alarm.stop();
    this.peekAlarm.stop();
    this.changed.open();
    this.broker.wake();
  }

  /** Where tasks come in quick succession a worker is busy and asleep in turn: not each time is worth a call. */
  private async untilAsleep(): Promise<void> {
    const until = performance.now() + BUSY_MS;
    let leftMs = BUSY_MS;
    while (!this.stopped && leftMs > 0 && !this.consumers.some(({ sleeps }) => sleeps)) {
      await this.changed.pass(leftMs);
      leftMs = until - performance.now();
    }
  }

  /** One that is held up and hears the bell all the same will soon notice. */
  private hears(consumer: Consumer): boolean {
    const heard = this.heard?.get(consumer);
    return heard !== undefined && (!heard.isForRoom || consumer.isHeldUp);
  }

  private async sleep(listening: readonly Consumer[]): Promise<void> {
    const heldUp = listening.filter(({ isHeldUp }) => isHeldUp);
    this.heard = new Map(listening.map((consumer) => [consumer, { isForRoom: consumer.isHeldUp }]));
    this.changed.close();
    try {
      const ring = await this.broker.sleep({
        partitions: listening.filter(({ isHeldUp }) => !isHeldUp).map(({ partition }) => partition),
        heldUp: heldUp.map(({ partition }) => partition),
        workers: placesOf(this.consumers),
        timeoutMs: this.failed ? NAP_MS : MAX_SLEEP_MS,
      });
      this.failed = false;
      this.outages.over(this);
      if (ring) await this.pass(ring);
    } catch (error) {
      if (this.stopped) return;
      this.failed = true;
      if (this.consumers.length > 0) this.outages.begin(this, error);
      await this.changed.pass(PAUSE_MS);
      // A ring may have been lost with the connection, also one for this worker alone.
      for (const consumer of listening) consumer.look();
      for (const consumer of this.consumers) consumer.beat();
    } finally {
      this.heard = null;
    }
  }

  private lookWhereDue(): void {
    const now = performance.now();
    for (const consumer of this.consumers.filter(({ sleeps }) => sleeps)) {
      if (consumer.looksAgainAt <= now) consumer.look();
      else this.alarm.set(consumer.looksAgainAt);
    }
  }

  /** Those that look rarely, since they are alone, look if something came that nobody rang for. */
  private async peek(): Promise<void> {
    const resting = this.consumers.filter((consumer) => rests(consumer));
    if (resting.length === 0) return;
    this.peekAlarm.set(performance.now() + MAX_SLEEP_MS);
    const found = await this.broker.peek(placesOf(resting)).catch(() => resting.map(({ partition }) => partition));
    for (const consumer of resting) if (found.includes(consumer.partition)) consumer.look();
  }

  private async pass({ partition, isPersonal, isForRoom }: Ring): Promise<void> {
    const consumer = this.consumers.find((each) => each.partition === partition);
    // What there is to say to this worker comes with the answer to a beat, or it is that there is another worker now.
    if (isPersonal) {
      consumer?.beat();
      return consumer?.look();
    }
    // The token is ours now: if this worker cannot use it, another one must hear it.
    if (!consumer?.sleeps || this.stopped) return this.broker.ringAgain(partition, isForRoom);
    this.changed.close();
    consumer.look();
    this.heard = null;
    if (this.consumers.length > 1) await this.changed.pass(REGROUP_MS);
  }
}

/** Whether it looks at its queue so rarely that others have to see whether anything came. */
function rests({ sleeps, looksAgainAt }: Consumer): boolean {
  return sleeps && looksAgainAt - performance.now() > MAX_SLEEP_MS;
}

function placesOf(consumers: readonly Consumer[]): WorkerPlace[] {
  return consumers.flatMap(({ partition, workerId }) => (workerId === null ? [] : [{ partition, worker: workerId }]));
}

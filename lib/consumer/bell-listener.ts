import type { TaskBroker } from '../broker/task-broker.js';
import type { Consumer } from './consumer.js';
import { Gate } from './gate.js';
import type { OutageLog } from './outage-log.js';

/** How long at most a sleep waits for the consumer that was rung: most often it sleeps again at once. */
const REGROUP_MS = 20;
const PAUSE_MS = 250;

/**
 * The sleep of a worker. Listens to the bells of all queues that were found empty and have free slots, over one
 * blocking connection, and sends a consumer to its queue when the bell rings, when a scheduled task is due, and once
 * in a while in case that a ring was lost. Never ends before `stop`, and never rejects.
 */
export class BellListener {
  private readonly changed = new Gate();
  private heard: ReadonlySet<Consumer> = new Set();
  private stopped = false;

  constructor(
    private readonly broker: TaskBroker,
    private readonly consumers: readonly Consumer[],
    private readonly outages: OutageLog,
  ) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      const listening = this.consumers.filter((consumer) => consumer.sleeps);
      if (listening.length === 0) await this.changed.pass();
      else await this.sleep(listening);
    }
  }

  /** To be called when a consumer may have begun to sleep, or to be busy. */
  notice(consumer: Consumer): void {
    this.changed.open();
    if (consumer.sleeps && this.heard.size > 0 && !this.heard.has(consumer)) this.broker.wake();
  }

  stop(): void {
    this.stopped = true;
    this.changed.open();
    this.broker.wake();
  }

  private async sleep(listening: readonly Consumer[]): Promise<void> {
    this.heard = new Set(listening);
    this.changed.close();
    const untilMs = Math.min(...listening.map((consumer) => consumer.looksAgainAt));
    try {
      const partitions = listening.map((consumer) => consumer.partition);
      const rung = await this.broker.sleep(partitions, Math.max(1, untilMs - performance.now()));
      this.outages.over(this);
      const consumer = listening.find(({ partition }) => partition === rung);
      if (consumer) await this.pass(consumer);
    } catch (error) {
      if (this.stopped) return;
      this.outages.begin(this, error);
      await this.changed.pass(PAUSE_MS);
      // A ring may have been lost with the connection.
      for (const consumer of listening) consumer.look();
    } finally {
      this.heard = new Set();
    }
    const now = performance.now();
    for (const consumer of listening) if (consumer.looksAgainAt <= now) consumer.look();
  }

  /** The token is ours now: if this worker cannot use it, another one must hear it. */
  private async pass(consumer: Consumer): Promise<void> {
    if (!consumer.sleeps || this.stopped) return this.broker.ringAgain(consumer.partition);
    this.changed.close();
    consumer.look();
    this.heard = new Set();
    if (this.consumers.length > 1) await this.changed.pass(REGROUP_MS);
  }
}

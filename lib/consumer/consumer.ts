import type { Logger } from '@nestjs/common';
import { type Partition, partitionOf, publicId } from '../broker/partition.js';
import { type ExchangeReply, MAX_SLEEP_MS, type TaskBroker } from '../broker/task-broker.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { Gate } from './gate.js';
import { HeldTasks } from './held-tasks.js';
import type { OutageLog } from './outage-log.js';
import { settledWithin } from './settled-within.js';

/** Bounds one `exchange`, so that Redis is not blocked for long by one script. */
const MAX_BATCH = 100;
/** How often a task may take its worker down before it becomes a dead letter. */
const MAX_LOST = 2;
/** How many pages of recovered tasks one turn may move. */
const MAX_RECOVERY_PAGES = 20;
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2_000;
/** What a handler has to react to its abort signal at shutdown. */
const GRACE_MS = 1_000;

export interface ConsumerOptions {
  queue: string;
  /** Unique to this start of the worker. */
  workerId: string;
  leaseMs: number;
  settings: QueueSettings;
  handlers: ReadonlyMap<string, TaskHandlerEntry>;
  /** Called when this consumer has begun to sleep: the queue is empty and there are free slots. */
  onSleep: (consumer: Consumer) => void;
}

/**
 * A worker's loop for one queue. In every turn it makes at most one call that settles what has finished and claims
 * what there are free slots for. All its calls are made one after the other, so between two turns what it believes
 * to hold (`HeldTasks`) is what Redis says that it holds; where the answer of a call was lost, it asks Redis.
 *
 * | mode | what holds | leaves it when |
 * |---|---|---|
 * | detached | Redis may not know this worker, or hold something else than we believe | `attach` succeeds |
 * | attached | every turn settles and claims | a call fails, or it was declared dead → detached; `stop` → draining |
 * | draining | every turn settles, none claims | nothing is held any more, or time is up → ended |
 * | ended | the loop is over | |
 *
 * It must never end by itself, and never run a task that Redis does not know it to hold.
 */
export class Consumer {
  readonly partition: Partition;
  private readonly held: HeldTasks;
  private readonly gate = new Gate();
  private workerId: string;
  private incarnation = 1;
  private joined = false;
  private attached = false;
  private draining = false;
  private cut = false;
  private beatIsDue = false;
  private queueIsEmpty = false;
  private failures = 0;
  private lookAt = 0;

  constructor(
    private readonly options: ConsumerOptions,
    private readonly broker: TaskBroker,
    private readonly outages: OutageLog,
    private readonly logger: Logger,
  ) {
    this.partition = partitionOf(options.queue);
    this.workerId = options.workerId;
    this.held = new HeldTasks(this.partition, options.handlers, options.settings, logger, () => this.gate.open());
    this.gate.open();
  }

  /** Nothing to claim, and free slots: somebody else has to listen to the bell. */
  get sleeps(): boolean {
    return this.attached && !this.draining && this.queueIsEmpty && this.held.freeSlots > 0;
  }

  /** When, by `performance.now()`, it wants to look at the queue even if no bell rings. */
  get looksAgainAt(): number {
    return this.lookAt;
  }

  /** Looks at the queue again: the bell rang, or it is time. */
  look(): void {
    this.queueIsEmpty = false;
    this.gate.open();
  }

  /** Renews the lease in the next turn. */
  beat(): void {
    this.beatIsDue = true;
    this.gate.open();
  }

  /** Runs until `stop` has ended it. Never rejects. */
  async run(): Promise<void> {
    while (!this.isOver) {
      try {
        await this.attach();
        while (this.attached && !this.isOver) await this.turn();
      } catch (error) {
        this.attached = false;
        if (!this.isOver) await this.pause(error);
      }
    }
    if (!this.cut && this.joined) await this.leave();
  }

  /**
   * Claims nothing more and gives back what was not begun; waits for what runs, then aborts it, then gives it back.
   * @param loop what `run` returned
   */
  async stop(loop: Promise<void>, timeoutMs: number, lastCallMs: number): Promise<void> {
    this.draining = true;
    this.gate.open();
    // Away from Redis with nothing in hands: no reason to wait for it. The loop ends when the broker closes.
    if (this.isOver && !this.attached) this.cut = true;
    else if (!(await settledWithin(loop, timeoutMs))) {
      this.held.abortRunning('The worker shuts down');
      if (!(await settledWithin(loop, GRACE_MS))) {
        this.held.releaseRunning();
        this.gate.open();
        await settledWithin(loop, lastCallMs);
      }
    }
    this.cut = true;
    this.gate.open();
  }

  private get isOver(): boolean {
    return this.cut || (this.draining && this.held.size === 0);
  }

  /** Brings Redis and this worker in step, whatever went wrong before. */
  private async attach(): Promise<void> {
    const { leaseMs } = this.options;
    if (this.joined) {
      if (await this.broker.beat(this.partition, this.workerId, leaseMs)) await this.reconcile();
      else this.abandon();
    }
    if (!this.joined) {
      await this.broker.join(this.partition, this.workerId, leaseMs);
      this.joined = true;
    }
    this.attached = true;
    this.failures = 0;
    this.look();
    this.outages.over(this);
  }

  private async turn(): Promise<void> {
    await this.gate.pass();
    // Everything that finishes in this turn of the event loop travels together.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.draining) this.held.releaseWaiting();
    if (this.beatIsDue) await this.renew();
    if (this.attached && (this.held.hasOutcomes || this.canClaim)) await this.exchange();
    if (this.held.hasOutcomes || this.canClaim) this.gate.open();
    if (this.sleeps) this.options.onSleep(this);
  }

  private get canClaim(): boolean {
    return !this.draining && !this.queueIsEmpty && this.held.freeSlots > 0;
  }

  private async exchange(): Promise<void> {
    const outcomes = this.held.takeOutcomes(MAX_BATCH);
    let reply: ExchangeReply | null;
    try {
      reply = await this.broker.exchange(this.partition, {
        worker: this.workerId,
        leaseMs: this.options.leaseMs,
        deadLetterTtlMs: this.options.settings.failedTtlMs,
        outcomes,
        want: this.draining ? 0 : Math.min(this.held.freeSlots, MAX_BATCH),
      });
    } catch (error) {
      this.held.unsettled(outcomes);
      throw error;
    }
    if (!reply) return this.abandon();

    this.held.settled(outcomes, reply.refused);
    for (const id of reply.malformed) {
      this.logger.error(
        `${publicId(this.partition, id)}: no JSON object with a name; its bytes are in the dead letters`,
      );
    }
    this.held.accept(reply.claimed);
    this.held.startWaiting();
    this.queueIsEmpty = !reply.more;
    this.lookAt = performance.now() + Math.min(reply.nextDueMs ?? MAX_SLEEP_MS, MAX_SLEEP_MS);
    if (reply.expired) await this.recover();
  }

  private async renew(): Promise<void> {
    this.beatIsDue = false;
    const reply = await this.broker.beat(this.partition, this.workerId, this.options.leaseMs);
    if (!reply) return this.abandon();
    // No call is under way, so the two must agree. They do not if a call that we gave up arrived after all.
    if (reply.held !== this.held.size) await this.reconcile();
    if (reply.expired) await this.recover();
  }

  /** What Redis says that we hold is the truth: what we do not know of we run, what is gone we drop. */
  private async reconcile(): Promise<void> {
    const ids = new Set(await this.broker.held(this.partition, this.workerId));
    this.held.keepOnly(ids);
    const unknown = [...ids].filter((id) => !this.held.has(id)).sort();
    this.held.accept(await this.broker.heldEnvelopes(this.partition, this.workerId, unknown));
    this.held.startWaiting();
  }

  /** Declared dead: others run what was held here. Goes on as a new worker, so that no old outcome can be taken for a new one. */
  private abandon(): void {
    this.logger.warn(`Queue "${this.partition}": worker ${this.workerId} was silent for longer than its lease`);
    this.held.keepOnly(new Set());
    this.incarnation++;
    this.workerId = `${this.options.workerId}-${this.incarnation}`;
    this.joined = false;
    this.attached = false;
  }

  private async recover(): Promise<void> {
    for (let page = 0; page < MAX_RECOVERY_PAGES; page++) {
      const recovery = await this.broker.recover(this.partition, MAX_LOST, this.options.settings.failedTtlMs);
      if (!recovery) return;
      const { worker, returned, buried, more } = recovery;
      if (returned.length + buried.length > 0) {
        this.logger.warn(
          `Queue "${this.partition}": worker ${worker} is gone; ${returned.length} of its tasks wait again, ` +
            `${buried.length} were lost too often and are dead letters`,
        );
      }
      this.queueIsEmpty = false;
      if (!more) return;
    }
  }

  private async pause(error: unknown): Promise<void> {
    this.outages.begin(this, error);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.failures++, LAST_PAUSE_MS);
    const until = performance.now() + pauseMs;
    // Handlers that end meanwhile open the gate; only `stop` must end the pause.
    while (!this.isOver && performance.now() < until) await this.gate.pass(until - performance.now());
    this.gate.open();
  }

  private async leave(): Promise<void> {
    try {
      await this.broker.leave(this.partition, this.workerId);
    } catch (error) {
      // The lease ends by itself, and nothing is held.
      this.logger.debug(`Queue "${this.partition}": worker ${this.workerId} could not sign off: ${String(error)}`);
    }
  }
}

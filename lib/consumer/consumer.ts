import { type Partition, partitionOf } from '../broker/partition.js';
import type { ExchangeReply, Retention } from '../broker/exchange.js';
import { MAX_SLEEP_MS, type TaskBroker } from '../broker/task-broker.js';
import { Backoff } from './backoff.js';
import type { ConsumerOptions } from './consumer-options.js';
import { ExchangesUnderWay } from './exchanges-under-way.js';
import { Gate } from './gate.js';
import { ExchangePlan, MAX_BATCH } from './exchange-plan.js';
import type { GuardedLog } from './guarded-log.js';
import { HeldTasks } from './held-tasks.js';
import { HeldWatch } from './held-watch.js';
import type { OutageLog } from './outage-log.js';
import { RedisClock } from './redis-clock.js';
import { RunEvents } from './run-events.js';
import { RunFactory } from './run-factory.js';
import { settledWithin } from './settled-within.js';
import { busyWith, type LoopFacts } from './worker-facts.js';
import { WorkerLease } from './worker-lease.js';

/** What a handler has to react to its abort signal at shutdown. */
const GRACE_MS = 1_000;

/**
 * A worker's loop for one queue. In every turn it makes at most one call that settles what has finished and claims
 * what there is room for. Whenever no call is under way, what it believes to hold (`HeldTasks`) is what Redis says
 * that it holds; where the answer of a call was lost, it asks Redis.
 *
 * | mode | what holds | leaves it when |
 * |---|---|---|
 * | detached | Redis may not know this worker, or hold something else than we believe | `attach` succeeds |
 * | attached | every turn settles and claims | a call fails, or it was declared dead → detached; `pause` → paused; `stop` → draining |
 * | paused | every turn settles, none claims, nothing begins | `resume` → attached; `stop` → draining; as attached → detached |
 * | draining | every turn settles, none claims | nothing is held any more, or time is up → ended |
 * | ended | the loop is over | |
 *
 * It must never end by itself, and never run a task that Redis does not know it to hold.
 */
export class Consumer {
  readonly partition: Partition;
  private readonly clock = new RedisClock();
  private readonly retention: Retention;
  private readonly held: HeldTasks;
  private readonly lease: WorkerLease;
  private readonly gate = new Gate();
  private readonly exchanges = new ExchangesUnderWay(() => this.gate.open());
  private readonly plan: ExchangePlan;
  private attached = false;
  private cut = false;
  private paused = false;
  private isStopping = false;
  /** It does not claim any more what somebody may have rung for, or what only this worker knows to be due. */
  private owesRing = false;
  private beatIsDue = false;
  private readonly backoff = new Backoff();
  private turnedAt = performance.now();
  private readonly watch: HeldWatch;
  private readonly events: RunEvents;

  constructor(
    private readonly options: ConsumerOptions,
    private readonly broker: TaskBroker,
    private readonly outages: OutageLog,
    logger: GuardedLog,
  ) {
    this.partition = partitionOf(options.queue);
    const { failedTtlMs: deadLetterTtlMs, cancelledTtlMs } = options.settings;
    this.retention = { deadLetterTtlMs, cancelledTtlMs };
    const { partition, retention, clock } = this;
    const { workerId, leaseMs, handlers, settings, limits, settingsOf, keeper, quarantine, onBeat, onEnded } = options;
    const { maxLost } = settings;
    this.events = new RunEvents(partition, options.events, clock, options.tally);
    const onRecovered = this.events.recovered.bind(this.events);
    this.lease = new WorkerLease(
      partition,
      workerId,
      leaseMs,
      maxLost,
      retention,
      broker,
      logger,
      onBeat,
      keeper,
      onRecovered,
    );
    this.held = new HeldTasks({
      partition,
      runs: new RunFactory({ partition, handlers, settingsOf, maxLost, logger }),
      settings,
      limits,
      clock,
      logger,
      onChange: () => this.gate.open(),
      mayStart: () => this.attached && !this.plan.isClosed && this.lease.isFresh,
      quarantine,
      onEnded,
      events: this.events,
      telemetry: options.telemetry,
    });
    this.plan = new ExchangePlan(this.held, this.exchanges);
    this.watch = new HeldWatch(this.held, () => this.gate.open());
    this.gate.open();
  }

  /** What Redis calls this worker; `null` while it may not know it. */
  get workerId(): string | null {
    return this.attached ? this.lease.id : null;
  }

  /** Nothing to claim, and free slots: somebody else has to listen to the bell. */
  get sleeps(): boolean {
    return this.attached && this.plan.isIdle;
  }

  /** Limits are in the way of what waits: until it looks again, or others have ended, no bell can ring for it. */
  get isHeldUp(): boolean {
    return this.plan.isHeldUp;
  }

  /** When, by `performance.now()`, it wants to look at the queue even if no bell rings. */
  get looksAgainAt(): number {
    return this.plan.looksAgainAt;
  }

  /** How many tasks run or are about to begin. */
  get runCount(): number {
    return this.held.takenSlots;
  }

  /** The names of the handlers that run. */
  get running(): string[] {
    return this.held.runningNames;
  }

  /** What others may know of it. */
  get facts(): LoopFacts {
    const { leaseMs, restMs } = this.lease;
    return { leaseMs, restMs, concurrency: this.held.concurrency, ...busyWith(this.held.runs, this.clock.nowMs) };
  }

  get isPaused(): boolean {
    return this.paused;
  }

  /** From now on it claims nothing and begins nothing. What was not begun goes back, and what runs goes on. */
  pause(): void {
    this.paused = this.plan.isClosed = this.owesRing = true;
    this.gate.open();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = this.owesRing = false;
    this.plan.isClosed = this.isStopping;
    this.look();
  }

  setConcurrency(concurrency: number): void {
    this.held.setConcurrency(concurrency);
    // Nobody has listened for this worker while all its slots were taken.
    this.look();
  }

  /**
   * For how long its loop has not turned; `null` while it is paused, and once it has been stopped. At rest it turns seldom; but where it does not for longer than
   * its lease, others may take over what it holds.
   */
  get silence(): { ms: number; maxMs: number } | null {
    if (this.plan.isClosed) return null;
    return { ms: performance.now() - this.turnedAt, maxMs: this.lease.leaseMs + this.lease.silenceMs };
  }

  /** Looks at the queue again: the bell rang, or it is time. */
  look(): void {
    this.plan.look();
    this.gate.open();
  }

  /** Renews the lease, unless it holds nothing and looks at the queue in time, which renews it as well. */
  beatIfNeeded(): void {
    const looksInTime = this.sleeps && this.looksAgainAt <= this.lease.renewBy;
    if (this.held.size > 0 || !looksInTime) this.beat();
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
        if (!this.isOver) await this.backOff(error);
      }
    }
    this.outages.leave(this);
    this.watch.stop();
    this.held.stop();
  }

  /**
   * Claims nothing more and gives back what was not begun; waits for what runs, then aborts it, then gives it back.
   * @param loop what `run` returned
   * @param hurry nobody wants to wait for what runs any longer
   */
  async stop(loop: Promise<void>, timeoutMs: number, lastCallMs: number, hurry: AbortSignal): Promise<void> {
    this.owesRing ||= this.plan.hasRung;
    this.isStopping = this.plan.isClosed = true;
    this.gate.open();
    // Away from Redis with nothing in hands there is no reason to wait: the loop ends when the broker closes.
    const isIdle = this.isOver && !this.attached;
    if (!isIdle && !(await settledWithin(loop, timeoutMs, hurry))) {
      this.held.abortRunning('The worker shuts down');
      if (!(await settledWithin(loop, GRACE_MS))) {
        this.held.releaseRunning();
        this.gate.open();
        await settledWithin(loop, lastCallMs);
      }
    }
    this.cut = true;
    this.gate.open();
    await settledWithin(this.options.onLeaving(this), GRACE_MS);
    // Whatever Redis may still hold for this worker, after a lost answer, goes to others at once.
    await settledWithin(this.lease.leave(), GRACE_MS);
  }

  private get isOver(): boolean {
    const owes = this.owesRing && this.attached;
    return this.cut || (this.isStopping && !owes && this.held.size === 0 && this.exchanges.count === 0);
  }

  /** Brings Redis and this worker in step, whatever went wrong before. */
  private async attach(): Promise<void> {
    await this.exchanges.settle();
    if (this.lease.isJoined) {
      if (await this.lease.renew()) await this.reconcile();
      else this.abandon();
    }
    if (!this.lease.isJoined) await this.lease.join();
    this.attached = true;
    this.look();
  }

  private async turn(): Promise<void> {
    await this.gate.pass();
    // Everything that finishes in this turn of the event loop travels together. Where nothing runs there is nothing to wait for.
    if (this.held.size > 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.plan.isClosed) await this.handOver();
    const beats = this.beatIsDue || !this.lease.isFresh;
    if (beats || this.exchanges.hasFailed) await this.exchanges.settle();
    // The answer to a call may have been that this worker is dead: then the next one is not known yet.
    if (beats && this.attached) await this.renew();
    // Redis gets its work first, and does it while the next tasks run here.
    if (this.attached && this.plan.shouldCall) {
      const want = this.plan.room;
      this.exchanges.add(want, this.exchange(want));
    }
    this.held.startWaiting();
    if (this.held.canStart || this.plan.shouldCall) this.gate.open();
    this.watch.look();
    this.turnedAt = performance.now();
    this.events.looked(this.held.size, this.sleeps && !this.isHeldUp && this.exchanges.count === 0);
    this.options.onTurn(this);
  }

  /** Only with no claim under way: what it brings was claimed last, and must not come to stand before the rest. */
  private async handOver(): Promise<void> {
    await this.exchanges.settle();
    this.held.releaseWaiting();
    if (!this.owesRing) return;
    await this.broker.ringAgain(this.partition, true);
    this.owesRing = false;
  }

  private async exchange(want: number): Promise<void> {
    const outcomes = this.held.outcomes.take(MAX_BATCH);
    const marks = this.held.marksClaims;
    const isIdle = this.held.size === 0 && outcomes.length === 0 && this.exchanges.count === 0;
    const restMs = isIdle ? this.lease.restMs : 0;
    let reply: ExchangeReply | null;
    this.plan.begin();
    try {
      reply = await this.broker.exchange(this.partition, {
        worker: this.lease.id,
        leaseMs: this.lease.leaseMs,
        restMs,
        free: this.held.freeRoom,
        retention: this.retention,
        outcomes,
        want,
        marks,
        // Not while another call may bring one.
        probes: this.exchanges.count === 0 && this.held.canTakeSuspect,
        maxLost: this.options.settings.maxLost,
        agingMs: this.options.settings.agingMs,
        groupConcurrency: this.options.settings.groupConcurrency,
        limits: this.options.limits,
      });
    } catch (error) {
      this.held.unsettled(outcomes);
      throw error;
    }
    this.backoff.reset();
    const rests = reply?.rests === true;
    this.lease.heard(rests ? restMs : undefined);
    this.outages.over(this);
    if (reply) this.clock.learn(reply.nowMs);
    if (!reply) return this.attached ? this.abandon() : undefined;

    this.held.settled(outcomes, reply);
    const isLast = !reply.more || reply.isHeldUp || (want > 0 && reply.claimed.length === 0);
    this.held.accept(reply.claimed, { areMarked: marks, isLast });
    // Limits are in the way, and it is not time that takes them away.
    if (reply.isHeldUp && reply.nextDueMs === null) this.held.hurry();
    if (!reply.more) this.held.startWaiting();
    this.plan.learn(reply, rests ? Math.max(MAX_SLEEP_MS, this.lease.silenceMs) : MAX_SLEEP_MS);
    // What is not known here is found by comparing: as after any beat.
    if (reply.holdsUnknown) this.beat();
    if (reply.expired) await this.recoverOthers();
  }

  private async renew(): Promise<void> {
    this.beatIsDue = false;
    const reply = await this.lease.renew();
    if (!reply) return this.abandon();
    this.held.cancel(reply.cancelled);
    // No call is under way, so the two must agree. They do not if a call that we gave up arrived after all.
    if (reply.held !== this.held.size) await this.reconcile();
    if (reply.expired) await this.recoverOthers();
  }

  /** What Redis says that we hold is the truth: what we do not know of we run, what is gone we drop. */
  private async reconcile(): Promise<void> {
    const ids = new Set(await this.broker.held(this.partition, this.lease.id));
    this.held.settledBut(ids);
    this.held.keepOnly(ids);
    const unknown = [...ids].filter((id) => !this.held.has(id)).sort();
    this.held.accept(await this.broker.heldTasks(this.partition, this.lease.id, unknown), {
      areMarked: false,
      isLast: true,
    });
    this.gate.open();
  }

  /** Declared dead: others run what was held here. The next `attach` enters a new worker. */
  private abandon(): void {
    this.lease.forfeit();
    this.held.keepOnly(new Set());
    this.attached = false;
  }

  private async recoverOthers(): Promise<void> {
    if (await this.lease.recoverOthers()) this.look();
  }

  private async backOff(error: unknown): Promise<void> {
    this.outages.begin(this, error);
    const until = performance.now() + this.backoff.next();
    // Handlers that end meanwhile open the gate; only `stop` must end the wait.
    while (!this.isOver && performance.now() < until) await this.gate.pass(until - performance.now());
    this.gate.open();
  }
}

import type { ClaimLimits } from '../broker/claim-limits.js';
import { decodeEnvelope } from '../broker/envelope.js';
import { type Partition, publicId } from '../broker/partition.js';
import type { ExchangeReply, Outcome } from '../broker/exchange.js';
import { InvalidDataError } from '../errors/index.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { Capacity } from './capacity.js';
import type { GuardedLog } from './guarded-log.js';
import { PendingOutcomes } from './pending-outcomes.js';
import type { Quarantine } from './quarantine.js';
import type { RedisClock } from './redis-clock.js';
import type { RunFactory } from './run-factory.js';
import { judgeInterrupted } from './failed-attempt.js';
import { judgeExpired, judgeRun, judgeStranger, type Verdict } from './task-outcome.js';
import { abortError, type RunResult, type TaskRun, type TaskRunListener } from './task-run.js';
import { WaitingTasks } from './waiting-tasks.js';

/** A run that is shorter is not worth to be marked as active: its end is there soon. */
const MARK_AFTER_MS = 5;

export interface HeldTasksOptions {
  partition: Partition;
  runs: RunFactory;
  settings: QueueSettings;
  limits?: ClaimLimits | undefined;
  clock: RedisClock;
  logger: GuardedLog;
  onChange: () => void;
  /** Not at shutdown, and not while Redis may have given to others what is held here. */
  mayStart: () => boolean;
  quarantine: Quarantine;
  /** For whoever wants to know which handlers ran when. */
  onEnded?: (run: TaskRun) => void;
}

/**
 * What one worker holds of one queue, from the claim until Redis has confirmed the outcome: tasks that wait for a
 * slot, runs, and outcomes that wait to be reported. Knows nothing of Redis; its consumer keeps the two in step.
 */
export class HeldTasks implements TaskRunListener {
  readonly outcomes = new PendingOutcomes();
  /** `null` where nothing is to be run: the outcome is known already. */
  private readonly held = new Map<string, TaskRun | null>();
  private readonly running = new Set<TaskRun>();
  private readonly waiting: WaitingTasks;
  private readonly capacity: Capacity;
  private hasUnmarked = false;
  private isStarting = false;
  /** Those whose handlers were told to wait, until Redis knows: nothing else is to begin here meanwhile. */
  private readonly toldToWait = new Set<string>();

  constructor(private readonly options: HeldTasksOptions) {
    this.waiting = new WaitingTasks(options.quarantine);
    this.capacity = new Capacity(options.settings, options.limits);
  }

  /** How many tasks Redis should say that this worker holds. */
  get size(): number {
    return this.held.size;
  }

  /** Slots that could be filled now. */
  get freeSlots(): number {
    if (!this.options.quarantine.isOpen) return 0;
    return this.capacity.freeSlots(this.claimedSlots);
  }

  /** How many slots are taken by what runs or begins; with `ack: 'each'` also by what has ended without that Redis knows. */
  get takenSlots(): number {
    return this.claimedSlots - this.waiting.size + this.waiting.slots;
  }

  /** Whether claims are to be marked as active at once: not where handlers are through in no time, or nobody wants to know. */
  get marksClaims(): boolean {
    return this.keepsStatuses && !this.capacity.isQuick;
  }

  /** One suspect at a time, and only where it begins soon. */
  get canTakeSuspect(): boolean {
    return !this.waiting.hasSuspect && this.freeSlots > 0 && this.options.quarantine.isFree;
  }

  /** There are tasks in hand that have not begun, or runs whose statuses do not say yet that they are active. */
  get needsWatch(): boolean {
    return this.waiting.size > 0 || this.hasUnmarked;
  }

  /** How many runs have begun so far. */
  get begunCount(): number {
    return this.capacity.begunCount;
  }

  /** There are tasks in hand that could run now. */
  get canStart(): boolean {
    return this.options.mayStart() && this.waiting.hasNext(this.hasFreeSlot);
  }

  /** How many more tasks are worth to be held: for the free slots, and some ahead where handlers are quick. */
  get room(): number {
    if (!this.options.mayStart() || !this.options.quarantine.isOpen || this.rests) return 0;
    const [oldest] = this.running;
    return this.capacity.room(this.claimedSlots, oldest?.ranMs ?? 0);
  }

  get runningNames(): string[] {
    return Array.from(this.running, ({ mode }) => mode.handler.name);
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Takes in what was claimed. Nothing runs before `startWaiting`. */
  accept(envelopes: readonly string[], { areMarked }: { areMarked: boolean }): void {
    const { partition, runs, settings } = this.options;
    for (const text of envelopes) {
      const envelope = decodeEnvelope(text);
      const run = runs.make(envelope, areMarked, this);
      this.held.set(envelope.id, run);
      if (run) this.waiting.add(run);
      else this.enter(judgeStranger(partition, envelope, settings));
    }
    if (!areMarked) this.hasUnmarked = this.keepsStatuses;
    // Claimed before Redis knew.
    if (this.rests) this.giveBackAhead();
  }

  /** Reports those runs that take long enough to be seen. */
  markRuns(): void {
    if (!this.keepsStatuses) return;
    this.hasUnmarked = this.waiting.hasUnmarked;
    for (const run of this.running) {
      if (run.isMarked || run.isLost) continue;
      if (run.ranMs >= MARK_AFTER_MS) this.mark(run);
      else this.hasUnmarked = true;
    }
  }

  startWaiting(): void {
    if (this.isStarting || !this.options.mayStart()) return;
    // A handler that returns at once ends inside `start`: the loop goes on, rather than the stack grow.
    this.isStarting = true;
    // Handlers that block the loop, one after another, must let it turn before the lease runs out.
    while (this.options.mayStart()) {
      const run = this.waiting.next(this.hasFreeSlot);
      if (!run) break;
      this.begin(run);
    }
    this.isStarting = false;
  }

  ended(run: TaskRun, result: RunResult): void {
    const { settings, clock, onChange, onEnded } = this.options;
    this.running.delete(run);
    if (run.isSuspect) this.options.quarantine.leave(run);
    this.capacity.learn(run.ranMs);
    onEnded?.(run);
    onChange();
    if (!run.isLost) {
      const verdict = judgeRun(run, result, settings, clock.nowMs);
      if (verdict.outcome.kind === 'limited') this.rest(verdict.outcome.id);
      this.enter(verdict);
    }
    this.startWaiting();
  }

  /** @throws InvalidDataError where a status could not keep it */
  progressed(run: TaskRun, json: string): void {
    const { maxResultBytes } = this.options.settings;
    if (json.length * 3 > maxResultBytes && Buffer.byteLength(json) > maxResultBytes) {
      throw new InvalidDataError('Progress', new Error(`it is longer than maxResultBytes (${maxResultBytes})`));
    }
    if (!run.isMarked) this.mark(run);
    this.outcomes.addProgress(run.envelope.id, json);
    this.options.onChange();
  }

  accompanied(run: TaskRun): void {
    this.outcomes.add({ kind: 'began', id: run.envelope.id, ranMs: Math.round(run.ranMs), isAlone: false });
    this.options.onChange();
  }

  /** Redis has these outcomes, except for the refused ones, whose tasks others have taken over. */
  settled(outcomes: readonly Outcome[], { refused, malformed }: Pick<ExchangeReply, 'refused' | 'malformed'>): void {
    const { logger } = this.options;
    for (const outcome of outcomes) {
      const { kind, id } = outcome;
      if (kind === 'began') this.begun(id, outcome.isAlone);
      else if (kind !== 'progress') this.drop(id);
    }
    for (const id of refused) {
      logger.warn(`${this.title(id)}: its lease was lost while it ran; the outcome does not count`);
    }
    for (const id of malformed) {
      logger.error(`${this.title(id)}: no JSON object with a name; its bytes are in the dead letters`);
    }
  }

  /**
   * Whether Redis has these outcomes is unknown: they are to be reported again. Not those of tasks that were forgotten
   * meanwhile, with the lease: if this worker claims such a task anew, they belong to a run that does not count.
   */
  unsettled(outcomes: readonly Outcome[]): void {
    this.outcomes.restore(outcomes.filter(({ id }) => this.held.has(id)));
  }

  /** Forgets what Redis does not know this worker to hold. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, run] of this.held) if (!ids.has(id)) this.forget(id, run);
    this.waiting.remove(({ envelope }) => !ids.has(envelope.id));
    this.outcomes.keepOnly(ids);
  }

  /** Somebody has called these tasks off. What they return now does not matter: Redis knows how they end. */
  cancel(ids: readonly string[]): void {
    const called = new Set(ids);
    for (const id of ids) this.held.get(id)?.cancel();
    // What has not begun goes back: it is dropped on its way into the queue.
    this.releaseWaiting(({ envelope }) => called.has(envelope.id));
  }

  /** Gives back what was fetched ahead. Nothing is fetched ahead again before a slot has become free. */
  giveBackAhead(): void {
    const ahead = this.waiting.removeAhead();
    if (ahead.length === 0) return;
    this.capacity.stall();
    this.giveBack(ahead);
  }

  /** Gives back what was not begun, or some of it. */
  releaseWaiting(which: (run: TaskRun) => boolean = () => true): void {
    this.giveBack(this.waiting.remove(which));
  }

  abortRunning(reason: string): void {
    // Of those that end at once, the last one given back is the oldest: it then stands at the head of the queue.
    for (const run of [...this.running].reverse()) run.abort('shutdown', abortError(reason));
  }

  /** Gives back what is running: its handlers may go on, but nobody listens. */
  releaseRunning(): void {
    for (const run of [...this.running].reverse()) {
      if (run.isLost) continue;
      run.lose('The worker shut down');
      this.options.logger.warn(`${run.title} did not end before the shutdown timeout`);
      this.enter(judgeInterrupted(run, this.options.settings));
    }
  }

  private get rests(): boolean {
    return this.toldToWait.size > 0;
  }

  /** What was fetched ahead would be told the same. */
  private rest(id: string): void {
    this.toldToWait.add(id);
    this.giveBackAhead();
  }

  private get keepsStatuses(): boolean {
    return this.options.settings.status === 'full';
  }

  private get hasFreeSlot(): boolean {
    return this.capacity.freeSlots(this.takenSlots) > 0;
  }

  /** Slots that are taken, and those that what waits here will take. */
  private get claimedSlots(): number {
    const { running, waiting } = this;
    if (this.options.settings.ack === 'batch') return running.size + waiting.size;
    return this.held.size + [...running].filter(({ isLost }) => isLost).length;
  }

  private begin(run: TaskRun): void {
    if (run.isExpiredAt(this.options.clock)) {
      this.capacity.began();
      this.options.quarantine.leave(run);
      this.enter(judgeExpired(run, this.options.settings));
    } else if (run.mustBeMarked && !run.isMarked) {
      const isAlone = run.isSuspect ? { isAlone: this.options.quarantine.isQuiet } : {};
      this.waiting.mark(run);
      this.outcomes.add({ kind: 'began', id: run.envelope.id, ranMs: 0, ...isAlone });
    } else {
      this.capacity.began();
      this.running.add(run);
      if (run.isSuspect) this.options.quarantine.began();
      run.start();
    }
  }

  /** Redis has marked it. */
  private begun(id: string, isAlone: boolean | undefined): void {
    this.waiting.confirm(id);
    const run = this.held.get(id);
    if (run && isAlone === false && this.running.has(run)) this.options.quarantine.letIn(run);
  }

  /** A status that says how far a task is says that it is active, too. */
  private mark(run: TaskRun): void {
    run.isMarked = true;
    this.outcomes.add({ kind: 'began', id: run.envelope.id, ranMs: Math.round(run.ranMs) });
  }

  private giveBack(runs: readonly TaskRun[]): void {
    // The head of the queue ends up with what was claimed first.
    for (const { envelope } of [...runs].reverse()) {
      this.outcomes.add({ kind: 'released', id: envelope.id, began: false });
    }
  }

  private drop(id: string): void {
    this.held.delete(id);
    this.toldToWait.delete(id);
  }

  private forget(id: string, run: TaskRun | null): void {
    this.drop(id);
    if (!run) return;
    this.options.quarantine.leave(run);
    if (!this.running.has(run)) return;
    this.options.logger.warn(`${run.title}: its lease was lost; the run is aborted and its outcome does not count`);
    run.lose('The lease was lost');
  }

  private enter({ outcome, log }: Verdict): void {
    const { logger } = this.options;
    this.outcomes.add(outcome);
    if (log?.level === 'error') logger.error(log.text, log.stack);
    else if (log) logger.warn(log.text);
  }

  private title(id: string): string {
    return publicId(this.options.partition, id);
  }
}

import type { ClaimLimits } from '../broker/claim-limits.js';
import { decodeEnvelope } from '../broker/envelope.js';
import type { Partition } from '../broker/partition.js';
import { type ExchangeReply, isInterim, type Outcome } from '../broker/exchange.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { BatchGathering } from './batch-gathering.js';
import type { BatchRun, BatchRunListener } from './batch-run.js';
import type { Call } from './call.js';
import { Capacity } from './capacity.js';
import type { GuardedLog } from './guarded-log.js';
import type { PendingOutcomes } from './pending-outcomes.js';
import type { Quarantine } from './quarantine.js';
import type { RedisClock } from './redis-clock.js';
import type { RunEvents } from './run-events.js';
import type { RunFactory } from './run-factory.js';
import { RunReports } from './run-reports.js';
import { RunningCalls } from './running-calls.js';
import { Slots } from './slots.js';
import { SlotShare } from './slot-share.js';
import { abortError, type RunResult, type TaskRun } from './task-run.js';
import { WaitingTasks } from './waiting-tasks.js';

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
  onEnded?: (call: Call) => void;
  events?: RunEvents | undefined;
  telemetry?: Telemetry | undefined;
}

/**
 * What one worker holds of one queue, from the claim until Redis has confirmed the outcome: tasks that wait for a
 * slot, runs, and outcomes that wait to be reported. Knows nothing of Redis; its consumer keeps the two in step.
 */
export class HeldTasks implements BatchRunListener {
  private readonly reports: RunReports;
  /** `null` where nothing is to be run: the outcome is known already. */
  private readonly held = new Map<string, TaskRun | null>();
  private readonly running: RunningCalls;
  private readonly waiting: WaitingTasks;
  /** Only where there are handlers that want batches. */
  private readonly gathering: BatchGathering | undefined;
  private readonly capacity: Capacity;
  private readonly slots: Slots;
  /** Those whose handlers were told to wait, until Redis knows: nothing else is to begin here meanwhile. */
  private readonly toldToWait = new Set<string>();

  constructor(private readonly options: HeldTasksOptions) {
    const { quarantine, settings, limits, runs } = options;
    this.reports = new RunReports(options);
    // Not another run of the same task, which was claimed anew after the lease was lost.
    const holds = (run: TaskRun): boolean => this.held.get(run.envelope.id) === run;
    this.running = new RunningCalls(settings.ack === 'each', holds);
    const share = new SlotShare(runs.handlers, settings.delivery === 'at-most-once');
    this.waiting = new WaitingTasks(quarantine);
    this.capacity = new Capacity(settings, share, limits);
    const { reports, running, waiting, capacity } = this;
    this.slots = new Slots({ ...options, reports, running, waiting, capacity });
    if (!runs.handlers.some(({ batch }) => batch)) return;
    this.gathering = new BatchGathering(this.waiting, share, this, () => {
      this.reports.hasUnmarked = this.reports.keepsStatuses;
      options.onChange();
    });
  }

  /** What waits to be reported. */
  get outcomes(): PendingOutcomes {
    return this.reports.outcomes;
  }

  /** How many tasks Redis should say that this worker holds. */
  get size(): number {
    return this.held.size;
  }

  /** Slots that could be filled now. */
  get freeSlots(): number {
    return this.slots.free;
  }

  /** For how many more tasks there is a slot at once. */
  get freeRoom(): number {
    return this.slots.freeRoom;
  }

  /** How many slots are taken by what runs or begins; with `ack: 'each'` also by what has ended without that Redis knows. */
  get takenSlots(): number {
    return this.slots.taken;
  }

  /**
   * Whether claims are to be marked as active at once: not where handlers are through in no time, where tasks wait for others to
   * join them, or where nobody wants to know.
   */
  get marksClaims(): boolean {
    return this.reports.keepsStatuses && !this.capacity.isQuick && !this.gathering;
  }

  /** One suspect at a time, and only where it begins soon. */
  get canTakeSuspect(): boolean {
    return !this.waiting.hasSuspect && this.freeSlots > 0 && this.options.quarantine.isFree;
  }

  /** There are tasks in hand that have not begun, or runs whose statuses do not say yet that they are active. */
  get needsWatch(): boolean {
    return this.waiting.size > 0 || this.reports.hasUnmarked;
  }

  /** How many runs have begun so far. */
  get begunCount(): number {
    return this.capacity.begunCount;
  }

  /** There are tasks in hand that could run now. */
  get canStart(): boolean {
    return this.slots.canStart;
  }

  /** How many more tasks are worth to be held: for the free slots, and some ahead where handlers are quick. */
  get room(): number {
    return this.rests ? 0 : this.slots.room;
  }

  /** What runs. */
  get runs(): TaskRun[] {
    return this.running.runs;
  }

  get concurrency(): number {
    return this.capacity.concurrency;
  }

  get runningNames(): string[] {
    return this.running.names;
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Takes in what was claimed. Nothing runs before `startWaiting`. `isLast`: no more can be claimed at present. */
  accept(envelopes: readonly string[], { areMarked, isLast }: { areMarked: boolean; isLast: boolean }): void {
    const { runs } = this.options;
    const line = this.gathering ?? this.waiting;
    for (const text of envelopes) {
      const envelope = decodeEnvelope(text);
      const run = runs.make(envelope, areMarked, this);
      this.held.set(envelope.id, run);
      if (run) line.add(run);
      else this.reports.stranger(envelope);
    }
    if (!areMarked) this.reports.hasUnmarked = this.reports.keepsStatuses;
    if (isLast || envelopes.length > 0) this.gathering?.answered(isLast);
    // Claimed before Redis knew.
    if (this.rests) this.giveBackAhead();
  }

  /** Reports those runs that take long enough to be seen. */
  markRuns(): void {
    if (!this.reports.keepsStatuses) return;
    this.reports.hasUnmarked = this.waiting.hasUnmarked;
    this.reports.markLong(this.running.runs);
  }

  startWaiting(): void {
    this.slots.start();
  }

  ended(run: TaskRun, result: RunResult): void {
    this.slots.leave(run);
    this.judge(run, result);
    run.processing?.end();
    this.slots.start();
  }

  batchedEnded(run: TaskRun, result: RunResult): void {
    this.options.onChange();
    this.judge(run, result);
  }

  batchEnded(batch: BatchRun): void {
    this.slots.leave(batch);
    batch.processing?.end();
    this.slots.start();
  }

  /** @throws InvalidDataError where a status could not keep it */
  progressed(run: TaskRun, json: string): void {
    this.reports.progressed(run, json);
    if (this.outcomes.hasAny) this.options.onChange();
  }

  logged(run: TaskRun, line: string): void {
    this.reports.logged(run, line);
    if (this.outcomes.hasAny) this.options.onChange();
  }

  accompanied(run: TaskRun): void {
    this.reports.accompanied(run);
    this.options.onChange();
  }

  /** Redis has these outcomes, except for the refused ones, whose tasks others have taken over. */
  settled(outcomes: readonly Outcome[], reply: Pick<ExchangeReply, 'refused' | 'cancelled' | 'malformed'>): void {
    const { refused, cancelled, malformed } = reply;
    for (const outcome of outcomes) {
      const { kind, id } = outcome;
      if (kind === 'began') this.begun(id, outcome.isAlone);
      else if (!isInterim(outcome)) this.confirm(outcome, refused.includes(id), cancelled.includes(id));
    }
    this.options.events?.malformed(malformed);
    this.waiting.confirm();
    this.running.settled();
    this.reports.refused(refused);
    this.reports.malformed(malformed);
  }

  /**
   * Whether Redis has these outcomes is unknown: they are to be reported again. Not those of tasks that were forgotten
   * meanwhile, with the lease: if this worker claims such a task anew, they belong to a run that does not count.
   */
  unsettled(outcomes: readonly Outcome[]): void {
    this.outcomes.restore(outcomes.filter(({ id }) => this.held.has(id)));
  }

  /** Redis holds no others for this worker, whose lease was not lost: so their outcomes have reached it, though its answer was lost. */
  settledBut(ids: ReadonlySet<string>): void {
    for (const outcome of this.outcomes.missingFrom(ids)) this.confirm(outcome);
  }

  /** Forgets what Redis does not know this worker to hold. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, run] of this.held) if (!ids.has(id)) this.forget(id, run);
    this.takeOut(({ envelope }) => !ids.has(envelope.id));
    this.outcomes.keepOnly(ids);
    this.running.settled();
  }

  /** Somebody has called these tasks off. What they return now does not matter: Redis knows how they end. */
  cancel(ids: readonly string[]): void {
    const called = new Set(ids);
    for (const id of ids) this.held.get(id)?.cancel();
    // What has not begun goes back: it is dropped on its way into the queue.
    this.releaseWaiting(({ envelope }) => called.has(envelope.id));
  }

  /** What runs goes on, and what finds no slot any more goes back as what was fetched ahead does. */
  setConcurrency(concurrency: number): void {
    this.capacity.concurrency = concurrency;
  }

  /** Gives back what was fetched ahead. Nothing is fetched ahead again before a slot has become free. */
  giveBackAhead(): void {
    const ahead = this.waiting.removeAhead();
    if (ahead.length === 0) return;
    this.capacity.stall();
    this.gathering?.gaveBack(ahead);
    this.giveBack(ahead);
  }

  /** Gives back what was not begun, or some of it. */
  releaseWaiting(which: (run: TaskRun) => boolean = () => true): void {
    this.giveBack(this.takeOut(which));
  }

  abortRunning(reason: string): void {
    // Of those that end at once, the last one given back is the oldest: it then stands at the head of the queue.
    for (const run of this.running.runs.reverse()) run.abort('shutdown', abortError(reason));
  }

  /** Gives back what is running: its handlers may go on, but nobody listens. */
  releaseRunning(): void {
    const { runs } = this.running;
    for (const run of runs.reverse()) {
      run.lose('The worker shut down');
      const outcome = this.reports.interrupted(run);
      run.call.processing?.judged(run.envelope, { thrown: run.signal.reason }, outcome);
    }
    for (const { call } of runs) call.processing?.end();
  }

  /** What all workers hold is as much as they may: no batch becomes larger than it is. */
  hurry(): void {
    this.gathering?.hurry();
  }

  /** Begins nothing any more. */
  stop(): void {
    this.outcomes.interim.stop();
    this.gathering?.stop();
  }

  private get rests(): boolean {
    return this.toldToWait.size > 0;
  }

  /** What was fetched ahead would be told the same. */
  private rest(id: string): void {
    this.toldToWait.add(id);
    this.giveBackAhead();
  }

  private judge(run: TaskRun, result: RunResult): void {
    const outcome = run.isLost ? undefined : this.reports.ended(run, result);
    run.call.processing?.judged(run.envelope, result, outcome);
    if (outcome?.kind === 'limited') this.rest(outcome.id);
  }

  /** Redis has marked it. */
  private begun(id: string, isAlone: boolean | undefined): void {
    const run = this.held.get(id);
    if (!run) return;
    run.isMarked = true;
    if (isAlone === false && this.running.has(run)) this.options.quarantine.letIn(run.call);
  }

  private takeOut(which: (run: TaskRun) => boolean): TaskRun[] {
    const removed = this.waiting.remove(which);
    this.gathering?.tidy();
    return removed;
  }

  private giveBack(runs: readonly TaskRun[]): void {
    if (runs.length === 0) return;
    const given = new Set<TaskRun | null>(runs);
    // They are held in the order in which they were claimed. The head of the queue ends up with what was claimed first.
    const ids = [...this.held].flatMap(([id, run]) => (given.has(run) ? [id] : []));
    for (const id of ids.reverse()) this.reports.givenBack(id);
  }

  /** Redis has its outcome, or has refused it. */
  private confirm(outcome: Outcome, isRefused = false, isCalledOff = false): void {
    const { events } = this.options;
    const run = this.held.get(outcome.id);
    if (run !== undefined && !isRefused) events?.settled(outcome, run, isCalledOff);
    else if (run?.hasBegun) events?.lost(run);
    this.drop(outcome.id);
  }

  private drop(id: string): void {
    this.held.delete(id);
    this.toldToWait.delete(id);
  }

  private forget(id: string, run: TaskRun | null): void {
    this.drop(id);
    if (!run) return;
    this.options.quarantine.leave(run.call);
    if (run.hasBegun) this.options.events?.lost(run);
    if (!this.running.has(run)) return;
    this.reports.lost(run);
    run.lose('The lease was lost');
  }
}

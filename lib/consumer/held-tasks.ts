import type { Logger } from '@nestjs/common';
import { decodeEnvelope } from '../broker/envelope.js';
import { type Partition, publicId } from '../broker/partition.js';
import type { ExchangeReply, Outcome } from '../broker/task-broker.js';
import { InvalidDataError } from '../errors/index.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { HandlerPace } from './handler-pace.js';
import { judgeMalformed, judgeRun, judgeUnknown, type Verdict } from './task-outcome.js';
import { type RunResult, TaskRun, type TaskRunListener } from './task-run.js';

/** A run that is shorter is not worth to be marked as active: its end is there soon. */
const MARK_AFTER_MS = 5;

/**
 * What one worker holds of one queue, from the claim until Redis has confirmed the outcome: tasks that wait for a
 * slot, runs, and outcomes that wait to be reported. Knows nothing of Redis; its consumer keeps the two in step.
 */
export class HeldTasks implements TaskRunListener {
  /** `null` where nothing is to be run: the outcome is known already. */
  private readonly held = new Map<string, TaskRun | null>();
  private readonly running = new Set<TaskRun>();
  private waiting: TaskRun[] = [];
  private outcomes: Outcome[] = [];
  private readonly progress = new Map<string, string>();
  private readonly pace: HandlerPace;
  private begun = 0;
  private hasUnmarked = false;
  private isStarting = false;

  constructor(
    private readonly partition: Partition,
    private readonly handlers: ReadonlyMap<string, TaskHandlerEntry>,
    private readonly settings: QueueSettings,
    private readonly logger: Logger,
    private readonly onChange: () => void,
    /** Not at shutdown, and not while Redis may have given to others what is held here. */
    private readonly mayStart: () => boolean,
  ) {
    this.pace = new HandlerPace(settings.concurrency);
  }

  /** How many tasks Redis should say that this worker holds. */
  get size(): number {
    return this.held.size;
  }

  get freeSlots(): number {
    return Math.max(0, this.settings.concurrency - this.running.size - this.waiting.length);
  }

  /** Whether claims are to be marked as active at once: not where handlers are through in no time. */
  get marksClaims(): boolean {
    return !this.pace.isQuick;
  }

  /** There are tasks in hand that have not begun, or runs whose statuses do not say yet that they are active. */
  get needsWatch(): boolean {
    return this.waiting.length > 0 || this.hasUnmarked;
  }

  /** How many runs have begun so far. */
  get begunCount(): number {
    return this.begun;
  }

  /** There are tasks in hand that could run now. */
  get canStart(): boolean {
    return this.mayStart() && this.waiting.length > 0 && this.running.size < this.settings.concurrency;
  }

  /** How many more tasks are worth to be held: for the free slots, and some ahead where handlers are quick. */
  get room(): number {
    if (!this.mayStart()) return 0;
    const [oldest] = this.running;
    const ahead = this.pace.allowance(oldest?.ranMs ?? 0);
    return Math.max(0, this.settings.concurrency + ahead - this.running.size - this.waiting.length);
  }

  get hasOutcomes(): boolean {
    return this.outcomes.length > 0 || this.progress.size > 0;
  }

  get outcomeCount(): number {
    return this.outcomes.length;
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Takes in what was claimed. Nothing runs before `startWaiting`. */
  accept(envelopes: readonly string[], { areMarked }: { areMarked: boolean }): void {
    for (const text of envelopes) {
      const envelope = decodeEnvelope(text);
      const handler = envelope.name === null ? undefined : this.handlers.get(envelope.name);
      if (handler) {
        const run = new TaskRun(this.partition, envelope, handler, this);
        run.isMarked = areMarked;
        this.held.set(envelope.id, run);
        this.waiting.push(run);
      } else {
        this.held.set(envelope.id, null);
        const judge = envelope.name === null ? judgeMalformed : judgeUnknown;
        this.enter(judge(this.partition, envelope, this.settings));
      }
    }
    if (!areMarked) this.hasUnmarked = true;
  }

  /** Reports those runs that take long enough to be seen. */
  markRuns(): void {
    this.hasUnmarked = false;
    for (const run of this.running) {
      if (run.isMarked || run.isLost) continue;
      const ranMs = Math.round(run.ranMs);
      if (ranMs < MARK_AFTER_MS) {
        this.hasUnmarked = true;
        continue;
      }
      run.isMarked = true;
      this.outcomes.push({ kind: 'began', id: run.envelope.id, ranMs });
    }
    if (this.waiting.some(({ isMarked }) => !isMarked)) this.hasUnmarked = true;
  }

  startWaiting(): void {
    if (this.isStarting || !this.mayStart()) return;
    // A handler that returns at once ends inside `start`: the loop goes on, rather than the stack grow.
    this.isStarting = true;
    let next = 0;
    while (next < this.waiting.length && this.running.size < this.settings.concurrency) {
      const run = this.waiting[next++] as TaskRun;
      this.running.add(run);
      run.start();
    }
    this.waiting.splice(0, next);
    this.begun += next;
    this.isStarting = false;
  }

  ended(run: TaskRun, result: RunResult): void {
    this.running.delete(run);
    this.pace.learn(run.ranMs);
    this.onChange();
    if (!run.isLost) this.enter(judgeRun(run, result, this.settings));
    this.startWaiting();
  }

  /** @throws InvalidDataError where a status could not keep it */
  progressed(run: TaskRun, json: string): void {
    const { maxResultBytes } = this.settings;
    if (json.length * 3 > maxResultBytes && Buffer.byteLength(json) > maxResultBytes) {
      throw new InvalidDataError('Progress', new Error(`it is longer than maxResultBytes (${maxResultBytes})`));
    }
    this.progress.set(run.envelope.id, json);
    this.onChange();
  }

  /** At most `max` outcomes and `max` progresses, these first: progress must not arrive behind the end of its task. */
  takeOutcomes(max: number): Outcome[] {
    const outcomes = this.outcomes.splice(0, max);
    if (this.progress.size === 0) return outcomes;
    const ids = new Set([
      ...outcomes.map(({ id }) => id).filter((id) => this.progress.has(id)),
      ...this.progress.keys(),
    ]);
    const progress = [...ids].slice(0, max).map((id): Outcome => {
      const json = this.progress.get(id) ?? 'null';
      this.progress.delete(id);
      return { kind: 'progress', id, progress: json };
    });
    return [...progress, ...outcomes];
  }

  /** Redis has these outcomes, except for the refused ones, whose tasks others have taken over. */
  settled(outcomes: readonly Outcome[], { refused, malformed }: Pick<ExchangeReply, 'refused' | 'malformed'>): void {
    for (const { kind, id } of outcomes) if (kind !== 'progress' && kind !== 'began') this.held.delete(id);
    for (const id of refused) {
      this.logger.warn(`${publicId(this.partition, id)}: its lease was lost while it ran; the outcome does not count`);
    }
    for (const id of malformed) {
      const title = publicId(this.partition, id);
      this.logger.error(`${title}: no JSON object with a name; its bytes are in the dead letters`);
    }
  }

  /**
   * Whether Redis has these outcomes is unknown: they are to be reported again. Not those of tasks that were forgotten
   * meanwhile, with the lease: if this worker claims such a task anew, they belong to a run that does not count.
   */
  unsettled(outcomes: readonly Outcome[]): void {
    const held = outcomes.filter(({ id }) => this.held.has(id));
    this.outcomes.unshift(...held.filter(({ kind }) => kind !== 'progress'));
    for (const outcome of held) {
      if (outcome.kind === 'progress' && !this.progress.has(outcome.id))
        this.progress.set(outcome.id, outcome.progress);
    }
  }

  /** Forgets what Redis does not know this worker to hold. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const [id, run] of this.held) if (!ids.has(id)) this.forget(id, run);
    this.waiting = this.waiting.filter(({ envelope }) => ids.has(envelope.id));
    this.outcomes = this.outcomes.filter(({ id }) => ids.has(id));
  }

  /** Gives back what was not begun. */
  releaseWaiting(): void {
    // The head of the queue ends up with what was claimed first.
    for (const run of this.waiting.reverse()) this.outcomes.push({ kind: 'released', id: run.envelope.id });
    this.waiting = [];
  }

  abortRunning(reason: string): void {
    // Of those that end at once, the last one given back is the oldest: it then stands at the head of the queue.
    for (const run of [...this.running].reverse()) run.abort(reason);
  }

  /** Gives back what is running: its handlers may go on, but nobody listens. */
  releaseRunning(): void {
    for (const run of [...this.running].reverse()) {
      if (run.isLost) continue;
      run.lose('The worker shut down');
      this.logger.warn(`${run.title} did not end before the shutdown timeout and was given back`);
      this.outcomes.push({ kind: 'released', id: run.envelope.id });
    }
  }

  private forget(id: string, run: TaskRun | null): void {
    this.held.delete(id);
    this.progress.delete(id);
    if (!run || !this.running.has(run)) return;
    this.logger.warn(`${run.title}: its lease was lost; the run is aborted and its outcome does not count`);
    run.lose('The lease was lost');
  }

  private enter({ outcome, log }: Verdict): void {
    this.outcomes.push(outcome);
    try {
      if (log?.level === 'error') this.logger.error(log.text, log.stack);
      else if (log) this.logger.warn(log.text);
    } catch (error) {
      // A logger of the application's own that throws must not take the worker down with it.
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
}

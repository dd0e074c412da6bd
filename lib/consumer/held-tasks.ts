import type { Logger } from '@nestjs/common';
import { decodeEnvelope, type Envelope, envelopeId } from '../broker/envelope.js';
import { type Partition, publicId } from '../broker/partition.js';
import type { Outcome } from '../broker/task-broker.js';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { encodeFailure, showError } from './task-failure.js';
import { encodeResult } from './task-result.js';
import { TaskRun, type TaskRunListener } from './task-run.js';

/**
 * A task without a handler here may have one in another version of the application, which is perhaps just being
 * deployed: it comes again after 1, 2, 4 … 300 seconds, for about an hour, and is a dead letter then.
 */
const FIRST_DEFERRAL_MS = 1_000;
const LAST_DEFERRAL_MS = 300_000;
const MAX_DEFERRALS = 20;

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

  constructor(
    private readonly partition: Partition,
    private readonly handlers: ReadonlyMap<string, TaskHandlerEntry>,
    private readonly settings: QueueSettings,
    private readonly logger: Logger,
    private readonly onChange: () => void,
  ) {}

  /** How many tasks Redis should say that this worker holds. */
  get size(): number {
    return this.held.size;
  }

  get freeSlots(): number {
    return Math.max(0, this.settings.concurrency - this.running.size - this.waiting.length);
  }

  get hasOutcomes(): boolean {
    return this.outcomes.length > 0 || this.progress.size > 0;
  }

  has(id: string): boolean {
    return this.held.has(id);
  }

  /** Takes in what was claimed. Nothing runs before `startWaiting`. */
  accept(envelopes: readonly string[]): void {
    for (const text of envelopes) {
      const envelope = decodeEnvelope(text);
      const handler = envelope && this.handlers.get(envelope.name);
      if (handler) {
        const run = new TaskRun(this.partition, envelope, handler, this);
        this.held.set(envelope.id, run);
        this.waiting.push(run);
      } else {
        const outcome = envelope ? this.defer(envelope) : this.reject(envelopeId(text));
        this.held.set(outcome.id, null);
        this.outcomes.push(outcome);
      }
    }
  }

  startWaiting(): void {
    while (this.running.size < this.settings.concurrency) {
      const run = this.waiting.shift();
      if (!run) return;
      this.running.add(run);
      run.start();
    }
  }

  ended(run: TaskRun, result: { value: unknown } | { thrown: unknown }): void {
    this.running.delete(run);
    if (!run.isLost)
      this.outcomes.push('thrown' in result ? this.failed(run, result.thrown) : this.completed(run, result));
    this.onChange();
  }

  progressed(run: TaskRun, json: string): void {
    this.progress.set(run.envelope.id, json);
    this.onChange();
  }

  /** Outcomes to report, progress first: it must not arrive behind the end of its task. */
  takeOutcomes(max: number): Outcome[] {
    const progress = [...this.progress].map(([id, json]): Outcome => ({ kind: 'progress', id, progress: json }));
    this.progress.clear();
    return [...progress, ...this.outcomes.splice(0, max)];
  }

  /** Redis has these outcomes, except for the refused ones, whose tasks others have taken over. */
  settled(outcomes: readonly Outcome[], refused: readonly string[]): void {
    for (const id of refused) {
      this.logger.warn(`${publicId(this.partition, id)}: its lease was lost while it ran; the outcome does not count`);
    }
    for (const outcome of outcomes) if (outcome.kind !== 'progress') this.held.delete(outcome.id);
  }

  /** Whether Redis has these outcomes is unknown: they are to be reported again. */
  unsettled(outcomes: readonly Outcome[]): void {
    this.outcomes.unshift(...outcomes.filter(({ kind }) => kind !== 'progress'));
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

  private completed(run: TaskRun, { value }: { value: unknown }): Outcome {
    const { id } = run.envelope;
    const result = encodeResult(value, this.settings.maxResultBytes);
    const times = { ranMs: run.ranMs, ttlMs: this.settings.completedTtlMs };
    if ('result' in result) return { kind: 'completed', id, result: result.result, ...times };
    this.logger.warn(`${run.title} is completed, but without a result: ${result.unrecorded}`);
    return { kind: 'unrecorded', id, reason: result.unrecorded, ...times };
  }

  private failed(run: TaskRun, thrown: unknown): Outcome {
    const { id } = run.envelope;
    // It was told to stop and did: that is no failure of the task.
    if (run.aborted) return { kind: 'released', id };
    this.logger.error(`${run.title} failed: ${showError(thrown)}`, thrown instanceof Error ? thrown.stack : undefined);
    return { kind: 'failed', id, error: encodeFailure(thrown), ranMs: run.ranMs, ttlMs: this.settings.failedTtlMs };
  }

  private reject(id: string): Outcome {
    this.logger.error(`${publicId(this.partition, id)} is malformed and a dead letter now`);
    const error = JSON.stringify({ name: 'malformed', message: 'The envelope is no JSON object with a name' });
    return { kind: 'failed', id, error, ranMs: 0, ttlMs: this.settings.failedTtlMs };
  }

  private defer({ id, name, missed }: Envelope): Outcome {
    const title = `${publicId(this.partition, id)}: no handler for "${name}" in this process`;
    if (missed < MAX_DEFERRALS) {
      const delayMs = Math.min(FIRST_DEFERRAL_MS * 2 ** missed, LAST_DEFERRAL_MS);
      this.logger.warn(`${title}; the task waits for another one, next look in ${delayMs / 1000} s`);
      return { kind: 'deferred', id, delayMs };
    }
    this.logger.error(`${title}; the task is a dead letter now`);
    const error = JSON.stringify({ name: 'no handler', message: `No worker had a handler for "${name}"` });
    return { kind: 'failed', id, error, ranMs: 0, ttlMs: this.settings.failedTtlMs };
  }
}

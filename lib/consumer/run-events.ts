import type { Outcome } from '../broker/exchange.js';
import { type Partition, publicId, queueOf } from '../broker/partition.js';
import type { Recovery } from '../broker/task-broker.js';
import type { TaskEvent, TaskEventFacts } from '../events/task-event.js';
import type { TaskEventSource } from '../events/task-event-source.js';
import type { DescribedFailure } from './task-failure.js';
import type { RedisClock } from './redis-clock.js';
import type { RunTally } from './run-tally.js';
import type { TaskRun } from './task-run.js';

/** Tells what becomes of the tasks of one queue in this worker, and has it counted. As long as nobody listens it makes nothing. */
export class RunEvents {
  /** Since it was drained last. */
  private hadTasks = false;

  constructor(
    private readonly partition: Partition,
    private readonly source: TaskEventSource,
    private readonly clock: RedisClock,
    private readonly tally: RunTally,
  ) {}

  /** Their handler is about to be called. */
  starting(runs: readonly TaskRun[]): void {
    this.tally.starting(runs, this.clock.nowMs);
    if (!this.source.observed) return;
    for (const run of runs) this.source.emit({ type: 'started', ...this.factsOf(run) });
  }

  /** Redis has this outcome. @param run `null` of what nobody here can run */
  settled(outcome: Outcome, run: TaskRun | null, isCalledOff: boolean): void {
    this.tally.settled(outcome, run, isCalledOff);
    if (!this.source.observed) return;
    if (run && isCalledOff) return this.source.emit({ type: 'cancelled', ...this.latestOf(run), reason: 'cancelled' });
    const event = run ? this.eventOf(outcome, run) : this.eventOfStranger(outcome);
    if (event) this.source.emit(event);
  }

  /** Elements that are no tasks lie in the dead letters now. */
  malformed(ids: readonly string[]): void {
    this.buried(ids, { name: 'malformed', message: 'The element is no JSON object with a name' });
  }

  /** Others have taken over what began here. */
  lost(run: TaskRun): void {
    if (this.source.observed) this.source.emit({ type: 'lost', ...this.factsOf(run) });
  }

  recovered({ worker, returned, buried }: Recovery): void {
    if (this.source.observed && returned.length + buried.length > 0) {
      const queue = queueOf(this.partition);
      const [waiting, failed] = [returned, buried].map((ids) => ids.map((id) => publicId(this.partition, id)));
      this.source.emit({ type: 'recovered', queue, worker, waiting: waiting ?? [], failed: failed ?? [] });
    }
    this.buried(buried, { name: 'lost', message: `Worker ${worker} died with it` });
  }

  /** @param held how many tasks are held @param isIdle there is nothing more to be had */
  looked(held: number, isIdle: boolean): void {
    if (held > 0) this.hadTasks = true;
    else if (this.hadTasks && isIdle) {
      this.hadTasks = false;
      if (this.source.observed) this.source.emit({ type: 'drained', queue: queueOf(this.partition) });
    }
  }

  private buried(ids: readonly string[], error: { name: string; message: string }): void {
    this.tally.buried(ids.length);
    if (!this.source.observed) return;
    const queue = queueOf(this.partition);
    for (const id of ids) {
      const facts = { queue, id: publicId(this.partition, id), name: null, attempt: 0 };
      this.source.emit({ type: 'failed', ...facts, ranMs: 0, error });
    }
  }

  private eventOf(outcome: Outcome, run: TaskRun): TaskEvent | undefined {
    const facts = this.factsOf(run);
    switch (outcome.kind) {
      case 'completed':
      case 'unrecorded':
        return { type: 'completed', ...facts, ranMs: outcome.ranMs };
      case 'failed':
        return { type: 'failed', ...facts, ranMs: outcome.ranMs, error: errorIn(outcome) };
      case 'retrying':
        return {
          type: 'retrying',
          ...facts,
          ranMs: outcome.ranMs,
          error: errorIn(outcome),
          nextAttemptAt: this.in(outcome.delayMs),
        };
      case 'snoozed':
        return { type: 'snoozed', ...facts, nextAttemptAt: this.in(outcome.delayMs) };
      case 'limited':
        return { type: 'released', ...facts, reason: 'limited' };
      case 'released':
        return outcome.began ? { type: 'released', ...facts, reason: 'shutdown' } : undefined;
      case 'cancelled':
        return { type: 'cancelled', ...facts, reason: 'cancelled' };
      case 'expired':
        return { type: 'cancelled', ...this.latestOf(run), reason: 'expired' };
      default:
        return undefined;
    }
  }

  private eventOfStranger(outcome: Outcome): TaskEvent | undefined {
    if (outcome.kind !== 'failed') return undefined;
    const id = publicId(this.partition, outcome.id);
    const facts = { queue: queueOf(this.partition), id, name: null, attempt: 0 };
    return { type: 'failed', ...facts, ranMs: 0, error: errorIn(outcome) };
  }

  private factsOf({ envelope, mode }: TaskRun): TaskEventFacts {
    const { id, attempt } = envelope;
    return {
      queue: queueOf(this.partition),
      id: publicId(this.partition, id),
      name: mode.handler.name,
      attempt: attempt + 1,
    };
  }

  /** Of one that has perhaps not begun: then its latest run is the one before. */
  private latestOf(run: TaskRun): TaskEventFacts {
    return run.hasBegun ? this.factsOf(run) : { ...this.factsOf(run), attempt: run.envelope.attempt };
  }

  /** By Redis's clock, which has just been read. */
  private in(delayMs: number): Date {
    return new Date(Math.round(this.clock.nowMs + delayMs));
  }
}

function errorIn({ error }: { error: string }): { name: string; message: string } {
  const { name, message } = JSON.parse(error) as DescribedFailure;
  return { name, message };
}

import type { Outcome } from '../broker/exchange.js';
import { mayHoldKey } from '../broker/lock.js';

/** What an outcome costs Redis, in completions of runs that took no time. */
const WEIGHT = {
  light: 1,
  /** When the run began is written, too; and seldom do many in a row take equally long, which would save work. */
  timed: 1.5,
  /** The envelope is read, written anew and moved. */
  moving: 6,
  /** In addition: a key that the task may hold is looked up. */
  keyed: 1,
};

/** What one worker has to report of what it holds of one queue. */
export class PendingOutcomes {
  private outcomes: Outcome[] = [];
  private readonly progress = new Map<string, string>();

  get hasAny(): boolean {
    return this.outcomes.length > 0 || this.progress.size > 0;
  }

  get count(): number {
    return this.outcomes.length;
  }

  add(outcome: Outcome): void {
    this.outcomes.push(outcome);
  }

  /** The last one of a task wins. */
  addProgress(id: string, json: string): void {
    this.progress.set(id, json);
  }

  /**
   * As much as costs Redis no more than `max` completions, but at least one outcome. Progress comes first: it must not arrive
   * behind the end of its task.
   */
  take(max: number): Outcome[] {
    let [count, room] = [0, max];
    const ids = new Set<string>();
    for (const outcome of this.outcomes) {
      const bringsProgress = this.progress.has(outcome.id) && !ids.has(outcome.id);
      const weight =
        weightOf(outcome) + (mayHoldKey(outcome.id) ? WEIGHT.keyed : 0) + (bringsProgress ? WEIGHT.light : 0);
      if (count > 0 && weight > room) break;
      count++;
      room -= weight;
      if (bringsProgress) ids.add(outcome.id);
    }
    const outcomes = this.outcomes.splice(0, count);
    if (this.progress.size === 0) return outcomes;
    const others = [...this.progress.keys()].filter((id) => !ids.has(id));
    const progress = [...ids, ...others.slice(0, Math.max(0, room))].map((id): Outcome => {
      const json = this.progress.get(id) ?? 'null';
      this.progress.delete(id);
      return { kind: 'progress', id, progress: json };
    });
    return [...progress, ...outcomes];
  }

  /** Takes back what was taken, in front of what came meanwhile. */
  restore(taken: readonly Outcome[]): void {
    this.outcomes.unshift(...taken.filter(({ kind }) => kind !== 'progress'));
    for (const outcome of taken) {
      if (outcome.kind === 'progress' && !this.progress.has(outcome.id)) {
        this.progress.set(outcome.id, outcome.progress);
      }
    }
  }

  /** How tasks end that are not among these. */
  missingFrom(ids: ReadonlySet<string>): Outcome[] {
    return this.outcomes.filter(({ kind, id }) => kind !== 'began' && !ids.has(id));
  }

  keepOnly(ids: ReadonlySet<string>): void {
    this.outcomes = this.outcomes.filter(({ id }) => ids.has(id));
    for (const id of this.progress.keys()) if (!ids.has(id)) this.progress.delete(id);
  }
}

function weightOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'completed':
    case 'unrecorded':
    case 'began':
      return outcome.ranMs === 0 ? WEIGHT.light : WEIGHT.timed;
    case 'progress':
      return WEIGHT.light;
    default:
      return WEIGHT.moving;
  }
}

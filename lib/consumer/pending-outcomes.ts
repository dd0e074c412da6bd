import { isInterim, type Outcome } from '../broker/exchange.js';
import { mayHoldKey } from '../broker/lock.js';
import { InterimReports } from './interim-reports.js';

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
  readonly interim: InterimReports;
  private outcomes: Outcome[] = [];

  /** @param onDue there is something to report that had to wait */
  constructor(onDue: () => void) {
    this.interim = new InterimReports(onDue);
  }

  get hasAny(): boolean {
    return this.outcomes.length > 0 || this.interim.hasDue;
  }

  get count(): number {
    return this.outcomes.length;
  }

  add(outcome: Outcome): void {
    this.outcomes.push(outcome);
  }

  /**
   * As much as costs Redis no more than `max` completions, but at least the outcomes of one task. What a task has said comes first: it
   * must not arrive behind the end of its task.
   */
  take(max: number): Outcome[] {
    let [count, room] = [0, max];
    const ids = new Set<string>();
    const fits = (weight: number): boolean => {
      const isFirst = count === 0 && ids.size === 0;
      if (!isFirst && weight > room) return false;
      room -= weight;
      return true;
    };
    for (const outcome of this.outcomes) {
      const { id } = outcome;
      const said = ids.has(id) ? 0 : this.interim.weightOf(id);
      if (!fits(weightOf(outcome) + (mayHoldKey(id) ? WEIGHT.keyed : 0) + said)) break;
      count++;
      if (said > 0) ids.add(id);
    }
    const outcomes = this.outcomes.splice(0, count);
    for (const id of this.interim.dueIds) {
      if (ids.has(id)) continue;
      if (!fits(this.interim.weightOf(id))) break;
      ids.add(id);
    }
    return [...[...ids].flatMap((id) => this.interim.take(id)), ...outcomes];
  }

  /** Takes back what was taken, in front of what came meanwhile. */
  restore(taken: readonly Outcome[]): void {
    this.outcomes.unshift(...taken.filter((outcome) => !isInterim(outcome)));
    this.interim.restore(taken);
  }

  /** How tasks end that are not among these. */
  missingFrom(ids: ReadonlySet<string>): Outcome[] {
    return this.outcomes.filter(({ kind, id }) => kind !== 'began' && !ids.has(id));
  }

  keepOnly(ids: ReadonlySet<string>): void {
    this.outcomes = this.outcomes.filter(({ id }) => ids.has(id));
    this.interim.keepOnly(ids);
  }
}

function weightOf(outcome: Outcome): number {
  switch (outcome.kind) {
    case 'completed':
    case 'unrecorded':
    case 'began':
      return outcome.ranMs === 0 ? WEIGHT.light : WEIGHT.timed;
    default:
      return WEIGHT.moving;
  }
}

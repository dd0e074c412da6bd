import type { Outcome } from '../broker/exchange.js';

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

  /** At most `max` outcomes and `max` progresses, these first: progress must not arrive behind the end of its task. */
  take(max: number): Outcome[] {
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

  /** Takes back what was taken, in front of what came meanwhile. */
  restore(taken: readonly Outcome[]): void {
    this.outcomes.unshift(...taken.filter(({ kind }) => kind !== 'progress'));
    for (const outcome of taken) {
      if (outcome.kind === 'progress' && !this.progress.has(outcome.id)) {
        this.progress.set(outcome.id, outcome.progress);
      }
    }
  }

  keepOnly(ids: ReadonlySet<string>): void {
    this.outcomes = this.outcomes.filter(({ id }) => ids.has(id));
    for (const id of this.progress.keys()) if (!ids.has(id)) this.progress.delete(id);
  }
}

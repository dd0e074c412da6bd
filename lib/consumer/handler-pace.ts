/** How much work, in time, a worker holds beyond its free slots: about what a few round trips take. */
const AHEAD_MS = 5;
/** Enough for two full batches: one that Redis works on, one in hand. */
const MAX_TASKS = 200;
/** What one more run weighs in the average. */
const WEIGHT = 0.1;

/**
 * How quick the handlers of a queue are: measured, not configured. Handlers that take microseconds must not be bound by
 * round trips: while Redis settles one batch the next one runs. Where a handler takes longer than a few milliseconds
 * nothing is held that another worker could run meanwhile.
 */
export class HandlerPace {
  private averageMs: number | undefined;

  /** @param concurrency how many run at once; may change */
  constructor(public concurrency: number) {}

  /** A run took so long. */
  learn(ranMs: number): void {
    this.averageMs = this.averageMs === undefined ? ranMs : this.averageMs + WEIGHT * (ranMs - this.averageMs);
  }

  /** Runs are over before anybody could look at them: that they began need not be told. */
  get isQuick(): boolean {
    return this.averageMs !== undefined && this.averageMs < AHEAD_MS;
  }

  /**
   * How many runs to hold beyond the free slots.
   * @param oldestMs how long the oldest of the present runs has taken so far, 0 if none is under way
   * @param perTask what a task is of a run
   */
  allowance(oldestMs: number, perTask = 1): number {
    if (this.averageMs === undefined) return 0;
    // A run that takes longer than those before it shows before it ends.
    const perRunMs = Math.max(this.averageMs, oldestMs / this.concurrency);
    const count = Math.floor((this.concurrency * AHEAD_MS) / Math.max(perRunMs, Number.EPSILON));
    return Math.min(MAX_TASKS * perTask, count);
  }
}

/** The upper bounds of the buckets into which spans of time are counted, in ms; what is longer than the last is in one more. */
export const BUCKETS_MS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
  3_600_000,
];

/** Spans of time, as far as is remembered of them. */
export class Spans {
  /** How many fell into each of `BUCKETS_MS`, and into the one behind them. */
  readonly counts: number[] = Array.from({ length: BUCKETS_MS.length + 1 }, () => 0);
  sumMs = 0;

  note(ms: number): void {
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
    (this.counts[bucket] as number)++;
    this.sumMs += ms;
  }

  add(other: Spans, sign: 1 | -1 = 1): void {
    other.counts.forEach((count, bucket) => ((this.counts[bucket] as number) += sign * count));
    this.sumMs += sign * other.sumMs;
  }
}

/** What became of runs, and how long things took. */
export class Figures {
  completed = 0;
  /** They are dead letters. */
  failed = 0;
  /** Failed, and to be tried again. */
  retried = 0;
  cancelled = 0;
  /** From when a task was added until its first run began, of those that waited for nothing but a worker. */
  readonly waitTime = new Spans();
  /** Of runs that were completed, failed, or are to be tried again. */
  readonly runTime = new Spans();

  get isEmpty(): boolean {
    const { completed, failed, retried, cancelled, waitTime } = this;
    return completed + failed + retried + cancelled === 0 && !waitTime.counts.some((count) => count > 0);
  }

  add(other: Figures, sign: 1 | -1 = 1): void {
    this.completed += sign * other.completed;
    this.failed += sign * other.failed;
    this.retried += sign * other.retried;
    this.cancelled += sign * other.cancelled;
    this.waitTime.add(other.waitTime, sign);
    this.runTime.add(other.runTime, sign);
  }
}

import { BUCKETS_MS, type Spans } from '../broker/figures.js';
import { InvalidOptionsError } from '../errors/index.js';

/**
 * How long things took, in ms: counted into buckets that are fixed and become wider, so that what was counted in different places can be
 * added up.
 */
export class Histogram {
  /** The upper bounds of the buckets; what took longer than the last one is in one more bucket. */
  static readonly bounds: readonly number[] = BUCKETS_MS;

  /** How many things fell into each bucket: one more than there are `bounds`. */
  readonly counts: readonly number[];
  /** How many there were. */
  readonly count: number;
  /** How long all of them took together. */
  readonly sum: number;

  constructor({ counts, sumMs }: Spans) {
    this.counts = [...counts];
    this.count = counts.reduce((sum, count) => sum + count, 0);
    this.sum = sumMs;
  }

  /**
   * How long it took at most, in ms, for that share of all; `null` where there were none. Within a bucket things are taken to be spread
   * evenly, and in the last one, which has no end, to be at its beginning.
   *
   * @param share from 0 to 1
   * @throws InvalidOptionsError where it is not
   * @example histogram.quantile(0.95)
   */
  quantile(share: number): number | null {
    if (typeof share !== 'number' || !(share >= 0 && share <= 1)) {
      throw new InvalidOptionsError([{ option: 'share', given: share, allowed: 'a number from 0 to 1' }]);
    }
    if (this.count === 0) return null;
    const rank = share * this.count;
    let before = 0;
    for (const [bucket, count] of this.counts.entries()) {
      if (count > 0 && before + count >= rank) {
        const from = Histogram.bounds[bucket - 1] ?? 0;
        const to = Histogram.bounds[bucket] ?? from;
        return from + ((to - from) * (rank - before)) / count;
      }
      before += count;
    }
    return Histogram.bounds.at(-1) ?? null;
  }
}

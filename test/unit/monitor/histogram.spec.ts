import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS_MS, Spans } from '../../../lib/broker/figures.js';
import { Histogram, InvalidOptionsError } from '../../../lib/index.js';

function histogram(...ms: number[]): Histogram {
  const spans = new Spans();
  for (const each of ms) spans.note(each);
  return new Histogram(spans);
}

describe('a histogram', () => {
  it('counts what is as long as a bound below it', () => {
    expect(histogram(0, 1, 1.01, 2, 3_600_000, 3_600_001).counts).toEqual([
      2,
      2,
      ...BUCKETS_MS.slice(2, -1).map(() => 0),
      1,
      1,
    ]);
  });

  it('knows how many there were, and how long they took together', () => {
    expect(histogram(10, 20, 30)).toMatchObject({ count: 3, sum: 60 });
    expect(histogram()).toMatchObject({ count: 0, sum: 0 });
  });

  it('has no quantiles where there was nothing', () => {
    expect(histogram().quantile(0.5)).toBeNull();
  });

  it('interpolates within a bucket', () => {
    const four = histogram(30, 30, 30, 30);
    expect([0, 0.25, 0.5, 1].map((share) => four.quantile(share))).toEqual([20, 27.5, 35, 50]);
    expect(histogram(3, 3, 150, 150).quantile(0.75)).toBe(150);
  });

  it('takes what is longer than all bounds to be as long as the last one', () => {
    expect(histogram(1e9).quantile(0.99)).toBe(3_600_000);
  });

  it.each([-0.1, 1.1, NaN, '0.5'])('refuses %j as a share', (share) => {
    expect(() => histogram(1).quantile(share as number)).toThrow(InvalidOptionsError);
  });

  it('is never further off than the bucket is wide', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 3_600_000, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (all, share) => {
          const exact = all.toSorted((one, other) => one - other)[Math.ceil(share * all.length) - 1] ?? 0;
          const bucket = BUCKETS_MS.findIndex((bound) => exact <= bound);
          const found = histogram(...all).quantile(share) ?? NaN;
          expect(found).toBeGreaterThanOrEqual(BUCKETS_MS[bucket - 1] ?? 0);
          expect(found).toBeLessThanOrEqual(BUCKETS_MS[bucket] ?? Infinity);
        },
      ),
    );
  });

  it('stays what it is as JSON', () => {
    const { counts } = histogram(5);
    expect(JSON.parse(JSON.stringify(histogram(5)))).toEqual({ counts, count: 1, sum: 5 });
  });
});

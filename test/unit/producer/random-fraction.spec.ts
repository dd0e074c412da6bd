import { monotonicFactory } from 'ulid';
import { describe, expect, it } from 'vitest';
import { randomFraction } from '../../../lib/producer/random-fraction.js';

describe('randomFraction', () => {
  it('is spread evenly from 0 to below 1, over more than one pool', () => {
    const buckets = Array.from({ length: 32 }, () => 0);
    for (let i = 0; i < 32_000; i++) {
      const fraction = randomFraction();
      expect(fraction).toBeGreaterThanOrEqual(0);
      expect(fraction).toBeLessThan(1);
      buckets[Math.floor(fraction * 32)]!++;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });

  it('makes ids that differ between factories in the same millisecond', () => {
    const ids = Array.from({ length: 1_000 }, () => monotonicFactory(randomFraction)(1_700_000_000_000));
    expect(new Set(ids).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });
});

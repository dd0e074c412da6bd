import { decodeTime, isValid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { TaskIds } from '../../../lib/producer/task-ids.js';

const NOW = 1_700_000_000_000;

describe('TaskIds', () => {
  it('makes ULIDs of the present', () => {
    const before = Date.now();
    const id = new TaskIds().next();
    expect(isValid(id)).toBe(true);
    expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(decodeTime(id)).toBeGreaterThanOrEqual(before);
    expect(decodeTime(id)).toBeLessThanOrEqual(Date.now());
  });

  it('makes each greater than the one before, whatever the clock does', () => {
    const ids = new TaskIds();
    const made = [0, 0, 1, 1, -5, 1, 2, 1].map((ms) => ids.next(NOW + ms));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
    expect(made.map((id) => decodeTime(id) - NOW)).toEqual([0, 0, 1, 1, 1, 1, 2, 2]);
  });

  it('counts on in the last digits within a millisecond', () => {
    const ids = new TaskIds();
    const made = Array.from({ length: 3_000 }, () => ids.next(NOW));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made.map((id) => id.slice(0, 22))).size).toBe(1);
    expect(new Set(made).size).toBe(made.length);
  });

  it('goes into the next millisecond where one has no more to give', () => {
    const ids = new TaskIds();
    let last = ids.next(NOW);
    let isGreater = true;
    for (let n = 0; n < 2 ** 20; n++) {
      const next = ids.next(NOW);
      isGreater &&= next > last;
      last = next;
    }
    expect(isGreater).toBe(true);
    expect(decodeTime(last)).toBe(NOW + 1);
    expect(decodeTime(ids.next(NOW + 2))).toBe(NOW + 2);
  });

  it('draws all digits but those of the time anew for each generator and each millisecond, evenly', () => {
    const one = new TaskIds();
    const made = Array.from({ length: 16_000 }, (_, n) => (n % 2 === 0 ? new TaskIds().next(NOW) : one.next(NOW + n)));
    expect(new Set(made.map((id) => id.slice(10))).size).toBe(made.length);
    for (let at = 10; at < 26; at++) {
      const counts = new Map<string, number>();
      for (const id of made) counts.set(id.charAt(at), (counts.get(id.charAt(at)) ?? 0) + 1);
      // The first digit that counts begins in the lower half, so that there is something to count on.
      const digits = at === 22 ? 16 : 32;
      expect(counts.size).toBe(digits);
      const expected = made.length / digits;
      for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected / 3);
    }
  });
});

import { expect, it } from 'vitest';
import { MainThreadWatch } from '../../../lib/broker/redis/main-thread-watch.js';

const LEASE_MS = 1_200;

it.each<[string, readonly [at: number, count: number, mustRenew: boolean][]]>([
  ['lives', Array.from({ length: 50 }, (_, n) => [n * 60, n, false] as [number, number, boolean])],
  [
    'is blocked for a moment',
    [
      [140, 0, false],
      [150, 1, false],
      [300, 2, false],
    ],
  ],
  [
    'is blocked, and is back: until it must have renewed the leases itself',
    [
      [151, 0, true],
      [2_000, 0, true],
      [2_060, 1, true],
      [3_190, 7, true],
      [3_201, 8, false],
    ],
  ],
  [
    'is blocked again and again',
    [
      [200, 0, true],
      [260, 1, true],
      [400, 1, true],
      [560, 2, true],
      [750, 2, true],
    ],
  ],
  [
    'is blocked for too long, and is back after all',
    [
      [6_000, 0, true],
      [6_001, 0, false],
      [60_000, 0, false],
      [60_060, 1, false],
      [60_211, 1, true],
    ],
  ],
])('the main thread %s', (_what, looks) => {
  const watch = new MainThreadWatch(LEASE_MS, 6_000, 0, 0);
  expect(looks.map(([at, count]) => [at, count, watch.mustRenew(count, at)])).toEqual(looks);
});

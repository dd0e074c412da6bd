import { randomFillSync } from 'node:crypto';

const pool = new Uint32Array(256);
let used = pool.length;

/**
 * A random number from 0 to below 1, from the system's generator. Drawn by the kilobyte: one by one, as `ulid` draws them
 * by itself, the 16 of an id take longer than all else that `add` does.
 */
export function randomFraction(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return (pool[used++] ?? 0) / 2 ** 32;
}

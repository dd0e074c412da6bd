import { randomFillSync } from 'node:crypto';
import { encodeTime } from 'ulid';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split('');
/** Every pair of digits: two of them count the ids of one millisecond. */
const PAIRS = DIGITS.flatMap((high) => DIGITS.map((low) => high + low));
const LAST = PAIRS.length ** 2 - 1;
/** Half of all: the other half is there to count on, whatever the count begins with. */
const BEGINNINGS = 2 ** 19;
const RANDOM_PAIRS = 6;

const pool = new Uint32Array(256);
let used = pool.length;

/** A random number below 2 ** 32, from the system's generator. Drawn by the kilobyte: one by one takes many times longer. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool[used++] ?? 0;
}

/**
 * ULIDs, each greater than the one before: as the package `ulid` makes them, in a small part of its time. In a new
 * millisecond all is drawn again; within one, the last four digits count on.
 */
export class TaskIds {
  private time = 0;
  private prefix = '';
  private count = LAST;

  next(now = Date.now()): string {
    // Where a millisecond has no more to give, or the clock was put back, time goes on from where it was.
    if (now > this.time) this.begin(now);
    else if (this.count === LAST) this.begin(this.time + 1);
    else this.count++;
    return this.prefix + ((PAIRS[this.count >> 10] ?? '') + (PAIRS[this.count & 1023] ?? ''));
  }

  private begin(time: number): void {
    this.time = time;
    this.prefix = encodeTime(time, 10);
    for (let pair = 0; pair < RANDOM_PAIRS; pair++) this.prefix += PAIRS[random() % PAIRS.length] ?? '';
    this.count = random() % BEGINNINGS;
  }
}

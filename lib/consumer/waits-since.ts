import type { Envelope } from '../broker/envelope.js';
import { LOCKED_SUFFIX } from '../broker/lock.js';

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const NO_DIGIT = -1;
/** By their character codes. */
const VALUES = new Int8Array(128).fill(NO_DIGIT);
for (const [value, digit] of Array.from(DIGITS).entries()) VALUES[digit.charCodeAt(0)] = value;
const ULID_LENGTH = 26;
const TIME_LENGTH = 10;

/** What is further ahead of Redis's clock was not written by a clock. */
const MAX_SKEW_MS = 60_000;

/**
 * Since when a task has been waiting for a worker, by the clock of whoever added it: as its id says, if that was generated. `null` where
 * nothing tells: of what was tried, or put off, or lost with a worker before.
 */
export function waitsSince(
  { id, attempt, lost, missed, isDelayed }: Pick<Envelope, 'id' | 'attempt' | 'lost' | 'missed' | 'isDelayed'>,
  nowMs: number,
): number | null {
  if (isDelayed || attempt > 0 || lost !== undefined || missed > 0) return null;
  if (id.length !== ULID_LENGTH && !(id.length === ULID_LENGTH + LOCKED_SUFFIX.length && id.endsWith(LOCKED_SUFFIX))) {
    return null;
  }
  let time = 0;
  for (let at = 0; at < TIME_LENGTH; at++) {
    const value = VALUES[id.charCodeAt(at)] ?? NO_DIGIT;
    if (value === NO_DIGIT) return null;
    time = time * DIGITS.length + value;
  }
  return time <= nowMs + MAX_SKEW_MS ? time : null;
}

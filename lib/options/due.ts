import { types } from 'node:util';
import type { Due } from '../broker/task-broker.js';
import { InvalidOptionsError } from '../errors/index.js';
import { type Duration, parseDuration } from './duration.js';

/** When a task is to run at the earliest. Neither is given for most tasks, and one at most. */
export interface DueOptions {
  /** Not before so long from now. `0` is at once. @default 0 */
  delay?: Duration | undefined;
  /** Not before this moment, by Redis's clock. One that is over is at once. */
  runAt?: Date | undefined;
}

/** A hundred years. */
const MAX_MS = 36_525 * 86_400_000;
const ALLOWED_DELAY = "milliseconds or text such as '15m', up to 100 years";
const ALLOWED_MOMENT = 'a valid Date up to 100 years from now';

/** @returns `undefined` for at once @throws InvalidOptionsError */
export function dueOf({ delay, runAt }: DueOptions): Due | undefined {
  if (delay !== undefined && runAt !== undefined) {
    throw new InvalidOptionsError([{ option: 'runAt', given: runAt, allowed: 'delay or runAt, not both' }]);
  }
  if (runAt !== undefined) return dueAt(runAt, 'runAt', ALLOWED_MOMENT);
  if (delay === undefined) return undefined;
  const due = dueIn(delay, 'delay', ALLOWED_DELAY);
  return due.inMs === 0 ? undefined : due;
}

/** @param when a span of time from now, or a moment @throws InvalidOptionsError */
export function dueFrom(when: Duration | Date): Due {
  const allowed = `${ALLOWED_DELAY}, or ${ALLOWED_MOMENT}`;
  return types.isDate(when) ? dueAt(when, 'when', allowed) : dueIn(when, 'when', allowed);
}

function dueIn(given: Duration, option: string, allowed: string): { inMs: number } {
  const inMs = parseDuration(given);
  if (inMs === null || inMs > MAX_MS) throw new InvalidOptionsError([{ option, given, allowed }]);
  return { inMs };
}

function dueAt(given: Date, option: string, allowed: string): { atMs: number } {
  const atMs = types.isDate(given) ? given.getTime() : NaN;
  if (!(atMs <= Date.now() + MAX_MS)) throw new InvalidOptionsError([{ option, given, allowed }]);
  // Before 1970 is as much at once as any other moment that is over.
  return { atMs: Math.max(0, atMs) };
}

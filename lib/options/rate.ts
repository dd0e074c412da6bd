import type { Rate } from '../broker/claim-limits.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { type Duration, parseDuration } from './duration.js';
import { duration, integer, object, type Rule } from './option-rules.js';

/**
 * How many tasks may start, over all processes: at most `max` within any span of `per`, by Redis's clock. A start that is used is
 * used, also where its task is given back or lost.
 */
export interface RateOptions {
  /** 1 to 10,000: so many times are kept in Redis. */
  max: number;
  /** '10ms' to '31d'. */
  per: Duration;
}

const ALLOWED = "{ max: 1 to 10000, per: a span of time such as '1s' }";

const shape = object({ max: integer(1, 10_000), per: duration('10ms', '31d') });

export const rateRule: Rule<Rate> = (given, option, problems) => {
  const { max, per: perMs } = shape(given, option, problems) ?? {};
  if (max !== undefined && perMs !== undefined) return { max, perMs };
  const isIncomplete = typeof given === 'object' && given !== null && !('max' in given && 'per' in given);
  if (isIncomplete) problems.push({ option, given, allowed: ALLOWED });
  return undefined;
};

/** @throws InvalidOptionsError */
export function checkRate(given: unknown): Rate | undefined {
  const problems: OptionProblem[] = [];
  const rate = rateRule(given, 'rate', problems);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return rate;
}

const MAX_RETRY_AFTER_MS = 86_400_000;

/** The wait of a `RateLimited`. @throws InvalidOptionsError */
export function checkRetryAfter(given: unknown): number {
  const delayMs = parseDuration(given);
  if (delayMs !== null && delayMs <= MAX_RETRY_AFTER_MS) return delayMs;
  const allowed = "milliseconds or text such as '30s', from 0 to 24h; SnoozeTask puts a task off for longer";
  throw new InvalidOptionsError([{ option: 'retryAfter', given, allowed }]);
}

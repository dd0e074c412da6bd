import { InvalidOptionsError } from '../errors/index.js';
import { showValue } from '../errors/show-value.js';
import { duration, number, object, oneOf, type Rule } from './option-rules.js';
import { type Duration, parseDuration } from './duration.js';

/** How long to wait before the next attempt, as data. */
export interface BackoffOptions {
  /** `fixed`: `delay` each time; `exponential`: `delay`, then twice as long after each further attempt, up to `max`. */
  type: 'fixed' | 'exponential';
  delay: Duration;
  /** Of exponential growth. @default '1h' */
  max?: Duration | undefined;
  /**
   * Which part of the delay is left to chance, 0 to 1, so that tasks that failed together do not come back together:
   * with 0.5 the delay is between half of it and all of it. @default 0
   */
  jitter?: number | undefined;
}

/** What a backoff function is told of the task: never its data's type, which it can narrow by the name. */
export interface FailedTask {
  /** The public id, `<queue>:<id>`. */
  id: string;
  queue: string;
  name: string;
  data: unknown;
}

/**
 * Decides by itself: a delay, or `false` to give up.
 * @param attempt the one that failed, counted from 1; lost ones do not count
 */
export type BackoffFunction = (attempt: number, error: unknown, task: FailedTask) => Duration | false;

/** A span of time is a fixed delay. */
export type Backoff = Duration | BackoffOptions | BackoffFunction;

/** A backoff, checked: the delay in ms, or `null` to give up. */
export type BackoffPolicy = (attempt: number, error: unknown, task: FailedTask) => number | null;

const MAX_DELAY: Duration = '365d';
const MAX_DELAY_MS = 365 * 86_400_000;

/** Whether this is a delay in ms that Redis can be asked to wait. */
export function isDelay(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_DELAY_MS;
}

/** The delay of a `RetryTask` or `SnoozeTask`. @throws InvalidOptionsError */
export function checkDelay(delay: unknown): number {
  const delayMs = parseDuration(delay);
  if (isDelay(delayMs)) return delayMs;
  const allowed = `milliseconds or text such as '30s', from 0 to ${MAX_DELAY}`;
  throw new InvalidOptionsError([{ option: 'delay', given: delay, allowed }]);
}

const optionsRule = object({
  type: oneOf('fixed', 'exponential'),
  delay: duration(0, MAX_DELAY),
  max: duration(0, MAX_DELAY),
  jitter: number(0, 1),
});

const ALLOWED =
  "a span of time such as '5s', { type: 'fixed' | 'exponential', delay, max?, jitter? }, or a function that returns one or false";

/** What travels with a task or is the same for all of its failures. */
export const backoffRule: Rule<BackoffPolicy> = (given, option, problems) => {
  if (given === undefined) return undefined;
  if (typeof given === 'function') return ofFunction(given as BackoffFunction);
  const fixedMs = typeof given === 'object' ? null : parseDuration(given);
  if (fixedMs !== null) {
    duration(0, MAX_DELAY)(given, option, problems);
    return () => fixedMs;
  }
  if (typeof given !== 'object' || given === null) {
    problems.push({ option, given, allowed: ALLOWED });
    return undefined;
  }
  const { type, delay, max, jitter } = optionsRule(given, option, problems) ?? {};
  if (type === undefined || delay === undefined) {
    problems.push({ option, given, allowed: ALLOWED });
    return undefined;
  }
  return backoffPolicy(type, delay, max, jitter);
};

/** @param random a number from 0 to below 1 */
export function backoffPolicy(
  type: BackoffOptions['type'],
  delayMs: number,
  maxMs = 3_600_000,
  jitter = 0,
  random: () => number = Math.random,
): (attempt: number) => number {
  return (attempt) => {
    // 2 ** 1024 is Infinity, which the maximum cuts.
    const fullMs = type === 'fixed' ? delayMs : Math.min(delayMs * 2 ** (attempt - 1), Math.max(maxMs, delayMs));
    return Math.round(fullMs * (1 - jitter * random()));
  };
}

/** @throws what the function throws, and TypeError where it returns anything else */
function ofFunction(decide: BackoffFunction): BackoffPolicy {
  return (attempt, error, task) => {
    const decision: unknown = decide(attempt, error, task);
    if (decision === false) return null;
    // Nobody waits for a promise here; that it is none of our unhandled rejections is all that can be done for it.
    if (decision instanceof Promise) decision.catch(() => undefined);
    const delayMs = parseDuration(decision);
    if (!isDelay(delayMs)) throw new TypeError(`The backoff function returned ${showValue(decision)}`);
    return delayMs;
  };
}

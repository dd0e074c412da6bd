import type { Lock } from '../broker/lock.js';
import type { Due } from '../broker/task-broker.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { Duration } from './duration.js';
import { duration, object, oneOf, rule, type Rule } from './option-rules.js';

/**
 * How many tasks of one key there may be. A key is any text of 1 to 256 bytes; it counts among tasks of one name on one queue, and
 * each of these options has keys of its own. None is given for most tasks, and one at most.
 */
export interface LockOptions {
  /** Nothing is added while another task holds the key. */
  unique?: UniqueOptions | undefined;
  /** At most one task within `per`: the first one. */
  throttle?: ThrottleOptions | undefined;
  /** One task for many adds: the last one's data, once there was none for `wait`. */
  debounce?: DebounceOptions | undefined;
}

export interface UniqueOptions {
  key: string;
  /**
   * How long the task holds the key: `'started'`, until a worker has taken it; `'finished'`, until it is `completed`, `failed` or
   * `cancelled`, with all its attempts; or so long from the add on, whatever becomes of it.
   */
  until: 'started' | 'finished' | Duration;
}

export interface ThrottleOptions {
  key: string;
  /** Counted from the add that was the first. */
  per: Duration;
}

export interface DebounceOptions {
  key: string;
  /** How long after the last add the task is due. */
  wait: Duration;
  /** How long after the first add it is due at the latest. @default no limit */
  maxWait?: Duration | undefined;
  /**
   * What becomes of an add while the task of the key runs, or waits for another attempt. `'queue-latest'`: its task begins once that one has
   * ended; so one runs, and one with the latest data waits. @default a task that does not care
   */
  whileRunning?: 'queue-latest' | undefined;
}

/** What these options make of a task. */
export interface LockedTask {
  lock: Lock;
  /** Of a debounced one. */
  due?: Due;
}

const MAX_SPAN: Duration = '365d';
const MAX_KEY_BYTES = 256;

const key = rule(`text of 1 to ${MAX_KEY_BYTES} bytes`, (given) => {
  if (typeof given !== 'string' || given === '' || !given.isWellFormed()) return undefined;
  return Buffer.byteLength(given) <= MAX_KEY_BYTES ? given : undefined;
});
const span = duration(1, MAX_SPAN);
const until = rule(`'started', 'finished', or milliseconds or text such as '30s', from 1 to ${MAX_SPAN}`, (given) =>
  given === 'started' || given === 'finished' ? given : span(given, '', []),
);

const lockRule = object({
  unique: object({ key: needed(key), until: needed(until) }),
  throttle: object({ key: needed(key), per: needed(span) }),
  debounce: object({ key: needed(key), wait: needed(span), maxWait: span, whileRunning: oneOf('queue-latest') }),
});

/** What is said of a task beside them, as far as it may contradict them. */
interface OtherOptions {
  id?: unknown;
  delay?: unknown;
  runAt?: unknown;
}

/** @returns `undefined` where none is given, as with most tasks @throws InvalidOptionsError */
export function lockOf(name: string, options: LockOptions & OtherOptions): LockedTask | undefined {
  const { unique, throttle, debounce } = options;
  if (unique === undefined && throttle === undefined && debounce === undefined) return undefined;
  const problems: OptionProblem[] = [];
  const checked = lockRule({ unique, throttle, debounce }, '', problems) ?? {};
  const { wait, maxWait } = checked.debounce ?? {};
  if (wait !== undefined && maxWait !== undefined && maxWait < wait) {
    problems.push({ option: 'debounce.maxWait', given: debounce?.maxWait, allowed: 'at least as long as wait' });
  }
  problems.push(...contradictions(options));
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return lockedTask(name, checked);
}

function lockedTask(
  name: string,
  { unique, throttle, debounce }: NonNullable<ReturnType<typeof lockRule>>,
): LockedTask {
  // Names have no line feed.
  const keyOf = (kind: keyof LockOptions, own = ''): string => `${kind}:${name}\n${own}`;
  if (debounce) {
    const { wait = 0, maxWait = Infinity, whileRunning } = debounce;
    const lock = { key: keyOf('debounce', debounce.key), maxWaitMs: maxWait, waitsForRun: whileRunning !== undefined };
    return { lock, due: { inMs: wait } };
  }
  if (throttle) return { lock: { key: keyOf('throttle', throttle.key), until: throttle.per ?? 0 } };
  return { lock: { key: keyOf('unique', unique?.key), until: unique?.until ?? 'finished' } };
}

function contradictions(options: LockOptions & OtherOptions): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const [first = 'unique', ...others] = (['unique', 'throttle', 'debounce'] as const).filter(
    (option) => options[option] !== undefined,
  );
  for (const option of others) {
    problems.push({ option, given: options[option], allowed: `none beside ${first}: one of them per task` });
  }
  const refuse = (option: keyof OtherOptions, why: string): void => {
    const given = options[option];
    if (given !== undefined) problems.push({ option, given, allowed: `none beside ${first}: ${why}` });
  };
  refuse('id', 'its key tells tasks apart, and a new task needs a new id');
  for (const option of ['delay', 'runAt'] as const) {
    if (first === 'debounce') refuse(option, 'its wait says when the task is due');
    if (first === 'throttle')
      refuse(option, 'per counts from the add on; use unique with a duration, or add without a delay');
  }
  return problems;
}

/** The rule of a member that must be there. */
function needed<T>(read: Rule<T>): Rule<T> {
  return (given, option, problems) => {
    if (given !== undefined) return read(given, option, problems);
    const missing: OptionProblem[] = [];
    read(null, option, missing);
    problems.push(...missing.map((problem) => ({ ...problem, given })));
    return undefined;
  };
}

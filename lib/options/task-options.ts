import { type Backoff, backoffPolicy, type BackoffPolicy, backoffRule } from './backoff.js';
import type { Duration } from './duration.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { duration, integer, object, type Rule } from './option-rules.js';

/**
 * How one kind of task, or one task, is worked on. Each option is looked for in this order: `add`, the module's `tasks` by
 * name, the decorator, the definition, the module's `queues` by queue, its `defaults`.
 */
export interface TaskOptions {
  /**
   * How often a task is tried before it is a dead letter. Attempts that were lost with their worker do not count: see
   * `maxLost`. @default 1: what a handler did before it threw may not be safe to do twice, and only its author knows. A
   * failed task is not lost but a dead letter, with its data, for seven days.
   */
  attempts?: number | undefined;
  /** How long to wait before the next attempt. @default exponential from '1s' up to '1h', jitter 0.5 */
  backoff?: Backoff | undefined;
  /** No attempt later than this after the first one that failed had begun. @default no limit */
  retryFor?: Duration | undefined;
  /**
   * How long one attempt may take. Then its signal aborts and the attempt counts as failed, even if the handler goes on:
   * what it returns later is ignored. `0` is no limit. @default 0
   */
  timeout?: Duration | undefined;
  /**
   * A task whose first attempt has not begun so long after it was added, or was due, is `cancelled` with reason `expired`. Read by the
   * process that adds the task. @default never
   */
  expiresIn?: Duration | undefined;
  /**
   * An integer from -1000 to 1000. Of the tasks that wait in a queue, those of the highest priority are claimed first, and among
   * these the one that has waited longest; see also the queue's `aging`. Read by the process that adds the task. @default 0
   */
  priority?: number | undefined;
}

/** Options of one task that can travel with it: no functions. */
export type PlainTaskOptions = Omit<TaskOptions, 'backoff'> & {
  backoff?: Exclude<Backoff, (...args: never) => unknown> | undefined;
};

const MAX_SPAN: Duration = '365d';
// What a timer can hold.
const MAX_TIMEOUT: Duration = '24d';
const MAX_PRIORITY = 1_000;

/** The rule of each option; part of the rules of queues and of the module. */
export const taskRules = {
  attempts: integer(1, 1_000),
  backoff: backoffRule,
  retryFor: duration(1, MAX_SPAN),
  timeout: duration(0, MAX_TIMEOUT),
  expiresIn: duration(1, MAX_SPAN),
  priority: integer(-MAX_PRIORITY, MAX_PRIORITY),
};

type Checked<T> = T extends Rule<infer Value> ? Value | undefined : never;

/** Task options, checked: times in ms. */
export type PartialTaskSettings = { [Name in keyof typeof taskRules]?: Checked<(typeof taskRules)[Name]> };

const taskRule = object(taskRules);

/** @throws InvalidOptionsError */
export function checkTaskOptions(options: TaskOptions): PartialTaskSettings {
  const problems: OptionProblem[] = [];
  const settings = taskRule(options, '', problems);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return settings ?? {};
}

/** What the first of these says of each option, else what the second says. */
export function mergedSettings(first: PartialTaskSettings, second: PartialTaskSettings = {}): PartialTaskSettings {
  const said = Object.entries(first).filter(([, value]) => value !== undefined);
  return { ...second, ...Object.fromEntries(said) };
}

/** @throws InvalidOptionsError */
export function checkPriority(given: unknown): number {
  const problems: OptionProblem[] = [];
  const priority = taskRules.priority(given ?? null, 'priority', problems);
  if (priority !== undefined) return priority;
  throw new InvalidOptionsError(problems);
}

/** What a worker has to know of a task, with every default filled in: times in ms. */
export interface TaskSettings {
  attempts: number;
  backoff: BackoffPolicy;
  /** `Infinity` for no limit. */
  retryForMs: number;
  /** 0 for no limit. */
  timeoutMs: number;
}

/** What is done where nobody said anything. */
export const defaultBackoff = backoffPolicy('exponential', 1_000, 3_600_000, 0.5);

/** What the first of these layers that has an option says of it. */
export function resolveTaskSettings(layers: readonly (PartialTaskSettings | undefined)[]): TaskSettings {
  const first = <Name extends keyof PartialTaskSettings>(name: Name): PartialTaskSettings[Name] =>
    layers.find((layer) => layer?.[name] !== undefined)?.[name];
  return {
    attempts: first('attempts') ?? 1,
    backoff: first('backoff') ?? defaultBackoff,
    retryForMs: first('retryFor') ?? Infinity,
    timeoutMs: first('timeout') ?? 0,
  };
}

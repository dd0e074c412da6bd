import { QUEUE_NAME } from '../broker/names.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { Duration } from '../options/duration.js';
import { duration, object, rule } from '../options/option-rules.js';

/** What `RedisTaskQueueHealthIndicator.isHealthy` looks at. */
export interface TaskQueueHealthOptions {
  /** Red where a task has been waiting for longer, '1ms' to '365d'. What waits for its time does not count. @default any time */
  maxWaiting?: Duration | undefined;
  /** Which queues. @default those that this process works on */
  queues?: readonly string[] | undefined;
}

const shape = object({
  maxWaiting: duration(1, '365d'),
  queues: rule('a list of queue names', (given) =>
    Array.isArray(given) && given.every((name) => typeof name === 'string' && QUEUE_NAME.test(name))
      ? (given as string[])
      : undefined,
  ),
});

/** @throws InvalidOptionsError */
export function checkHealthOptions(given: unknown): { maxWaitingMs: number; queues: readonly string[] | undefined } {
  const problems: OptionProblem[] = [];
  const { maxWaiting, queues } = shape(given, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { maxWaitingMs: maxWaiting ?? Infinity, queues };
}

import { types } from 'node:util';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { flag, object, rule } from '../options/option-rules.js';

/** How an application under test keeps its tasks. */
export interface TaskQueueTestingOptions {
  /**
   * Whether what is added runs at once: `add` and `addBulk` return when nothing is due any more. They resolve however the handlers end,
   * as they do with Redis. What a handler adds runs after it. Delays, retries and schedules wait for `advance`.
   * @default false: nothing runs before the test says so
   */
  inline?: boolean | undefined;
  /** What time it is for tasks when the test begins. @default when the module is made */
  now?: Date | undefined;
}

const moment = rule('a valid Date', (given) =>
  types.isDate(given) && Number.isFinite(given.getTime()) ? given.getTime() : undefined,
);
const testingRule = object({ inline: flag, now: moment });

/** @throws InvalidOptionsError */
export function checkTestingOptions(options: TaskQueueTestingOptions): { inline: boolean; nowMs: number | undefined } {
  const problems: OptionProblem[] = [];
  const given = testingRule(options, '', problems);
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { inline: given?.inline ?? false, nowMs: given?.now };
}

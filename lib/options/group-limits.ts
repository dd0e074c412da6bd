import { isGroupName } from '../broker/names.js';
import type { GroupLimits } from '../broker/task-steering.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { integer, object, rule } from './option-rules.js';
import { type RateOptions, rateRule } from './rate.js';

export const MAX_GROUP_CONCURRENCY = 1_000;
const MAX_WEIGHT = 1_000;

/** What one group of a queue may do: what is left out is as it is for all. */
export interface GroupOptions {
  /** How many tasks it gets in its turn, 1 to 1,000. @default 1 */
  weight?: number | undefined;
  /** How many of its tasks run at once, in all processes together, 1 to 1,000. @default as the queue's `groups` say */
  concurrency?: number | undefined;
  /** How many of its tasks start, in all processes together. @default as the queue's `groups` say */
  rate?: RateOptions | undefined;
}

const groupRule = rule('text of 1 to 256 bytes without control characters, quotes and backslashes', (given) =>
  isGroupName(given) ? given : undefined,
);

const limitsRule = object({
  weight: integer(1, MAX_WEIGHT),
  concurrency: integer(1, MAX_GROUP_CONCURRENCY),
  rate: rateRule,
});

/** @throws InvalidOptionsError */
export function checkGroup(given: unknown): string {
  const problems: OptionProblem[] = [];
  const group = groupRule(given ?? null, 'group', problems);
  if (group === undefined) throw new InvalidOptionsError(problems);
  return group;
}

/** @throws InvalidOptionsError */
export function checkGroupLimits(given: unknown): GroupLimits {
  const problems: OptionProblem[] = [];
  const limits = limitsRule(given ?? null, 'limits', problems);
  if (problems.length > 0 || !limits) throw new InvalidOptionsError(problems);
  return limits;
}

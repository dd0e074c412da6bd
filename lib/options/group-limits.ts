import { isGroupName } from '../broker/names.js';
import type { GroupLimits } from '../broker/task-broker.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { integer, object, rule } from './option-rules.js';

export const MAX_GROUP_CONCURRENCY = 1_000;
const MAX_WEIGHT = 1_000;

const groupRule = rule('text of 1 to 256 bytes without control characters, quotes and backslashes', (given) =>
  isGroupName(given) ? given : undefined,
);

const limitsRule = object({ weight: integer(1, MAX_WEIGHT), concurrency: integer(1, MAX_GROUP_CONCURRENCY) });

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

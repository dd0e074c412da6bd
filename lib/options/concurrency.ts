import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { integer } from './option-rules.js';

export const concurrencyRule = integer(1, 10_000);

/** @throws InvalidOptionsError */
export function checkConcurrency(given: unknown): number {
  const problems: OptionProblem[] = [];
  const concurrency = concurrencyRule(given ?? null, 'concurrency', problems);
  if (concurrency !== undefined) return concurrency;
  throw new InvalidOptionsError(problems);
}

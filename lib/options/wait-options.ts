import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { Duration } from './duration.js';
import { duration, object, rule } from './option-rules.js';

/** How long somebody waits for a task. */
export interface WaitOptions {
  /** @default as long as it takes */
  timeout?: Duration | undefined;
  /** Ends the wait, and leaves the task alone. */
  signal?: AbortSignal | undefined;
}

const waitRule = object({
  // What a timer can hold.
  timeout: duration(0, '24d'),
  signal: rule('an AbortSignal', (given) => (given instanceof AbortSignal ? given : undefined)),
});

/** @throws InvalidOptionsError */
export function checkWaitOptions(options: WaitOptions): {
  timeoutMs: number | undefined;
  signal: AbortSignal | undefined;
} {
  const problems: OptionProblem[] = [];
  const { timeout, signal } = waitRule(options, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { timeoutMs: timeout, signal };
}

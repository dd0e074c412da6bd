import { showValue } from './show-value.js';
import { TaskQueueError } from './task-queue.error.js';

/** One wrong option: its path, what was given, and what would have been right. */
export interface OptionProblem {
  option: string;
  given: unknown;
  allowed: string;
}

/** One or more module options are wrong. Names every one of them at once. */
export class InvalidOptionsError extends TaskQueueError {
  readonly code = 'INVALID_OPTIONS';

  constructor(
    readonly problems: readonly OptionProblem[],
    options?: ErrorOptions,
  ) {
    super(
      problems
        .map(({ option, given, allowed }) => `Option "${option}" is ${showValue(given)}; allowed is ${allowed}.`)
        .join(' '),
      options,
    );
  }
}

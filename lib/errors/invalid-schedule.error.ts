import type { OptionProblem } from './invalid-options.error.js';
import { showValue } from './show-value.js';
import { TaskQueueError } from './task-queue.error.js';

/** A schedule that cannot be kept: thrown when its class is defined, at start, or by `upsert`. Names everything that is wrong. */
export class InvalidScheduleError extends TaskQueueError {
  readonly code = 'INVALID_SCHEDULE';

  constructor(
    /** What it is called, or where it stands in the code. */
    readonly schedule: string,
    readonly problems: readonly OptionProblem[],
  ) {
    const sentences = problems.map(
      ({ option, given, allowed }) => `"${option}" is ${showValue(given)}; allowed is ${allowed}.`,
    );
    super(`Schedule "${schedule}": ${sentences.join(' ')}`);
  }
}

import { showValue } from './show-value.js';
import { TaskQueueError } from './task-queue.error.js';

/** A cursor that no page of this queue and state has answered. */
export class InvalidCursorError extends TaskQueueError {
  readonly code = 'INVALID_CURSOR';

  constructor(given: unknown) {
    super(
      `The cursor ${showValue(given)} does not belong to a list of this queue and state. Give back the cursor of the page before, or none to begin anew.`,
    );
  }
}

import { TaskQueueError } from './task-queue.error.js';

/** A batch handler returned something of which it is unknown what it says of which task. The error of all tasks of the batch. */
export class InvalidBatchResultError extends TaskQueueError {
  readonly code = 'INVALID_BATCH_RESULT';

  constructor(returned: unknown, size: number) {
    const what = Array.isArray(returned) ? `an array of ${returned.length}` : describe(returned);
    super(
      `The handler returned ${what} for a batch of ${size} tasks. ` +
        `Return nothing, or an array of ${size}: a result for each task, or an error where one failed`,
    );
  }
}

/** Never the value itself: results are data. */
function describe(returned: unknown): string {
  return returned === null ? 'null' : `a value of type ${typeof returned}`;
}

import { TaskQueueError } from './task-queue.error.js';

/** Encoded data are longer than `maxDataBytes`. Thrown before anything is written. */
export class DataTooLargeError extends TaskQueueError {
  readonly code = 'DATA_TOO_LARGE';

  constructor(taskName: string, bytes: number, maxDataBytes: number) {
    super(
      `The data of task "${taskName}" take ${bytes} bytes; maxDataBytes allows ${maxDataBytes}. ` +
        'Store large data elsewhere and pass a reference.',
    );
  }
}

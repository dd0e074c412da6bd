import { TaskQueueError } from './task-queue.error.js';

/** Encoded data are longer than `maxDataBytes`. Thrown before anything is written. */
export class DataTooLargeError extends TaskQueueError {
  readonly code = 'DATA_TOO_LARGE';

  constructor(what: string, bytes: number, maxDataBytes: number) {
    super(
      `${what}: ${bytes} bytes are more than maxDataBytes allows, which is ${maxDataBytes}. ` +
        'Store large data elsewhere and pass a reference.',
    );
  }
}

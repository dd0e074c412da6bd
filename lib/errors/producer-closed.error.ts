import { TaskQueueError } from './task-queue.error.js';

/** `add` was called after the application had shut down. */
export class ProducerClosedError extends TaskQueueError {
  readonly code = 'PRODUCER_CLOSED';

  constructor() {
    super('The producer is closed: the application has shut down.');
  }
}

import { TaskQueueError } from './task-queue.error.js';

/** `TaskConsumers.start` was called after the application had begun to shut down. */
export class ConsumersClosedError extends TaskQueueError {
  readonly code = 'CONSUMERS_CLOSED';

  constructor() {
    super('No consumer is started any more: the application shuts down.');
  }
}

import { TaskQueueError } from './task-queue.error.js';

/** Two handlers claim one task name on one queue. Thrown at start. */
export class DuplicateHandlerError extends TaskQueueError {
  readonly code = 'DUPLICATE_HANDLER';

  constructor(taskName: string, queue: string, first: string, second: string) {
    super(`Task "${taskName}" on queue "${queue}" has two handlers: ${first} and ${second}. Remove or rename one.`);
  }
}

import { TaskQueueError } from './task-queue.error.js';

/** What only makes sense on Redis was asked of an application that keeps its tasks in memory, for a test. */
export class NotInMemoryError extends TaskQueueError {
  readonly code = 'NOT_IN_MEMORY';

  constructor(what: string) {
    super(`${what} needs Redis: this application keeps its tasks in memory (nestjs-redis-task-queue/testing)`);
  }
}

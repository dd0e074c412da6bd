import { TaskQueueError } from './task-queue.error.js';

/** Redis answered with an error: out of memory, a read-only replica, a key of another type. */
export class RedisRefusedError extends TaskQueueError {
  readonly code = 'REDIS_REFUSED';

  constructor(cause: Error) {
    super(`Redis refused: ${cause.message}`, { cause });
  }
}

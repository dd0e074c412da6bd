import { TaskQueueError } from './task-queue.error.js';

/** Redis answered with an error: out of memory, a read-only replica, a key of another type. */
export class RedisRefusedError extends TaskQueueError {
  readonly code = 'REDIS_REFUSED';

  constructor(cause: Error) {
    // A cause of its own: that of ioredis carries the arguments of the command, which are the data of tasks.
    super(`Redis refused: ${cause.message}`, { cause: new Error(cause.message) });
  }
}

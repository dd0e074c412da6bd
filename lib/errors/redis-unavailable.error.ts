import { TaskQueueError } from './task-queue.error.js';

/**
 * Redis could not be reached, or did not answer, within `commandTimeout`. If the command was on its way when the
 * connection broke, it may have been carried out: adding again with an `id` of your own is always safe.
 */
export class RedisUnavailableError extends TaskQueueError {
  readonly code = 'REDIS_UNAVAILABLE';

  constructor(waitedMs: number, cause?: unknown) {
    const reason = cause instanceof Error ? ` (${cause.message})` : '';
    super(`Redis could not be reached within ${Math.round(waitedMs)} ms${reason}`, { cause });
  }
}

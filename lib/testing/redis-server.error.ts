import { TaskQueueError } from '../errors/index.js';

/** A private Redis server could not be started. */
export class RedisServerError extends TaskQueueError {
  constructor(
    readonly code: 'REDIS_SERVER_NOT_FOUND' | 'REDIS_SERVER_NOT_STARTED',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

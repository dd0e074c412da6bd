/**
 * - `REDIS_SERVER_NOT_FOUND`: there is no `redis-server` binary to start.
 * - `REDIS_SERVER_NOT_STARTED`: there is one, but no server answers; the message tells why.
 */
export type RedisServerErrorCode = 'REDIS_SERVER_NOT_FOUND' | 'REDIS_SERVER_NOT_STARTED';

/** A private Redis server could not be started. */
export class RedisServerError extends Error {
  override readonly name = 'RedisServerError';

  constructor(
    readonly code: RedisServerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

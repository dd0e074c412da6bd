import { Redis } from 'ioredis';

/** A client of the application's own ioredis: the library must be able to go on from it, and its type to take it. */
export function openRedis(): Redis {
  return new Redis(process.env.REDIS_URL ?? '', { lazyConnect: true });
}

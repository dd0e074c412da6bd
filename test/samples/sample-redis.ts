import { Redis } from 'ioredis';
import { afterAll, inject } from 'vitest';

/** Samples use no prefix; so each of their test files has a database of its own on the server that all tests share. */
export function sampleRedis(database: number): { url: string; redis: Redis } {
  const url = `${inject('redisUrl')}/${database}`;
  const redis = new Redis(url);
  afterAll(async () => {
    await redis.flushdb();
    await redis.quit();
  });
  return { url, redis };
}

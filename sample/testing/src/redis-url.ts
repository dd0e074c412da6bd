import { RedisServer } from 'nestjs-redis-task-queue/testing';

/** The Redis that REDIS_URL names, or else a private server, which ends with this process. */
export async function redisUrl(): Promise<string> {
  if (process.env.REDIS_URL) return process.env.REDIS_URL;
  const { url } = await RedisServer.start();
  console.log(`REDIS_URL is not set: using a private server, ${url}`);
  return url;
}

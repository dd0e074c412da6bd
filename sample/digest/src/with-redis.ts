import { RedisServer } from 'nestjs-redis-task-queue/testing';

export interface RedisToUse {
  url: string;
  /** Started by us; it ends with us, and so does what it holds. */
  isPrivate: boolean;
}

/** Does the work with the Redis that REDIS_URL names, or else with a private server that is stopped afterwards. */
export async function withRedis<T>(work: (redis: RedisToUse) => Promise<T>): Promise<T> {
  const { REDIS_URL } = process.env;
  if (REDIS_URL) return work({ url: REDIS_URL, isPrivate: false });
  const server = await RedisServer.start();
  try {
    return await work({ url: server.url, isPrivate: true });
  } finally {
    await server.stop();
  }
}

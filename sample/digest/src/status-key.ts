import { Redis } from 'ioredis';
import type { RedisToUse } from './with-redis.js';

/** One status key as it stands in Redis, below the command that shows it. */
export async function showStatusKey(taskId: string, { url, isPrivate }: RedisToUse): Promise<string> {
  const colon = taskId.indexOf(':');
  const key = `task_status:{${taskId.slice(0, colon)}}:${taskId.slice(colon + 1)}`;

  const redis = new Redis(url);
  const fields = await redis.hgetall(key).finally(() => redis.disconnect());

  // A URL that was given to us may carry a password.
  const server = isPrivate ? url : '"$REDIS_URL"';
  return [
    `$ redis-cli -u ${server} HGETALL '${key}'`,
    ...Object.entries(fields).map(([field, value]) => `${field.padEnd(9)} ${value}`),
    ...(isPrivate ? ['(This server ends now. With REDIS_URL set to one of yours, the key stays for an hour.)'] : []),
  ].join('\n');
}

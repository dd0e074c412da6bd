import type { Redis } from 'ioredis';

/** Reads queue `default` as its keys stand in Redis. */
const QUEUE = '{default}';

/** All workers on the list, whether their leases are good or not. */
export async function workerIds(redis: Redis): Promise<string[]> {
  return redis.zrange(`task_workers:${QUEUE}`, '0', '-1');
}

/** The ids of what that worker holds. */
export async function heldBy(redis: Redis, worker: string): Promise<string[]> {
  return (await redis.hkeys(`task_active:${QUEUE}:${worker}`)).sort();
}

/** The workers that hold anything. */
export async function holders(redis: Redis): Promise<string[]> {
  const prefix = `task_active:${QUEUE}:`;
  return (await redis.keys(`${prefix}*`)).map((key) => key.slice(prefix.length));
}

/** How many tasks all workers hold together. */
export async function heldByAll(redis: Redis): Promise<number> {
  const counts = await Promise.all(
    (await holders(redis)).map(async (worker) => redis.hlen(`task_active:${QUEUE}:${worker}`)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What waits, in the order in which it will be claimed: id, and attempts that were begun before. */
export async function waiting(redis: Redis): Promise<{ id: string; attempt: number }[]> {
  const envelopes = await redis.lrange(`task_queue:${QUEUE}`, 0, -1);
  return envelopes.toReversed().map((text) => {
    const { id, attempt } = JSON.parse(text) as { id: string; attempt: number };
    return { id, attempt };
  });
}

/** Adds tasks without the library, as any Redis client can. */
export async function push(redis: Redis, ...tasks: { id: string; name: string; data?: unknown }[]): Promise<void> {
  await redis
    .multi()
    .lpush(`task_queue:${QUEUE}`, ...tasks.map((task) => JSON.stringify(task)))
    .lpush(`task_bell:${QUEUE}`, '1')
    .exec();
}

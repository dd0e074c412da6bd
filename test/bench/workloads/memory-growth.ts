import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../figures.js';
import { redisMemory, type RedisMemory } from '../redis-info.js';

/** Between two readings: the more there is to tidy up, the longer it may take. */
const INTERVAL_MS_PER_TASK = 0.005;
const QUIET_READINGS = 4;
const DEADLINE_MS = 15_000;
const TOLERANCE_BYTES = 4_096;

/** How many bytes per task Redis has more after `work`, which must leave no connection open. */
export async function memoryGrowth(redis: Redis, tasks: number, work: () => Promise<unknown>): Promise<Figures> {
  const intervalMs = tasks * INTERVAL_MS_PER_TASK;
  const before = await quietMemory(redis, intervalMs);
  await work();
  const after = await quietMemory(redis, intervalMs);
  return {
    bytes: (after.used - before.used) / tasks,
    datasetBytes: (after.dataset - before.dataset) / tasks,
  };
}

/** What Redis uses once buffers of clients that left are freed and hash tables are done growing. */
async function quietMemory(redis: Redis, intervalMs: number): Promise<RedisMemory> {
  const deadline = performance.now() + DEADLINE_MS;
  let last = await redisMemory(redis);
  for (let quiet = 0; performance.now() < deadline;) {
    await delay(intervalMs);
    const memory = await redisMemory(redis);
    quiet = Math.abs(memory.used - last.used) <= TOLERANCE_BYTES ? quiet + 1 : 0;
    last = memory;
    if (quiet === QUIET_READINGS) return memory;
  }
  throw new Error('The memory of Redis does not come to rest.');
}

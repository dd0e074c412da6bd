import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from '../figures.js';
import { redisMemory, type RedisMemory } from '../redis-info.js';

const INTERVAL_MS = 250;
const QUIET_READINGS = 4;
const MAX_READINGS = 60;
const TOLERANCE_BYTES = 4_096;

/** How many bytes per task Redis has more after `work`, which must leave no connection open. */
export async function memoryGrowth(redis: Redis, tasks: number, work: () => Promise<unknown>): Promise<Figures> {
  const before = await quietMemory(redis);
  await work();
  const after = await quietMemory(redis);
  return {
    bytes: (after.used - before.used) / tasks,
    datasetBytes: (after.dataset - before.dataset) / tasks,
  };
}

/** What Redis uses once buffers of clients that left are freed and hash tables are done growing. */
async function quietMemory(redis: Redis): Promise<RedisMemory> {
  let last = await redisMemory(redis);
  for (let readings = 0, quiet = 0; readings < MAX_READINGS; readings++) {
    await delay(INTERVAL_MS);
    const memory = await redisMemory(redis);
    quiet = Math.abs(memory.used - last.used) <= TOLERANCE_BYTES ? quiet + 1 : 0;
    last = memory;
    if (quiet === QUIET_READINGS) return memory;
  }
  throw new Error('The memory of Redis does not come to rest.');
}

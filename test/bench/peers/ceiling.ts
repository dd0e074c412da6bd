import { Redis } from 'ioredis';
import type { BenchProducer, BenchWorker, Peer, WorkOptions } from '../peer.js';
import { QUEUE, type TaskData } from '../task-data.js';
import { packageVersion } from './package-version.js';
import {
  countCompleted,
  plainTask,
  type PlainStatus,
  type PlainTask,
  STATUS_SECONDS,
  statusKey,
} from './plain-task.js';

const BATCH = 100;

async function addBulk(redis: Redis, rows: readonly TaskData[]): Promise<void> {
  await redis.lpush(QUEUE, ...rows.map((data) => JSON.stringify(plainTask(data))));
}

/** The fewest commands that are imaginable, and no guarantee at all: a measure of what is left to gain. */
export const peer: Peer = {
  title: 'LPUSH of many, RPOP of many, SET of the result',
  setup: `${packageVersion('ioredis/package.json')}, ${BATCH} tasks per RPOP, their SETs and the next RPOP in one pipeline`,
  onlyDrains: true,

  async produce(url: string): Promise<BenchProducer> {
    const redis = new Redis(url);
    await redis.ping();
    return {
      add: (data) => addBulk(redis, [data]),
      addBulk: (rows) => addBulk(redis, rows),
      async close() {
        await redis.quit();
      },
    };
  },

  /** Runs one task after the other, whatever the concurrency. */
  async work(url: string, { handle, onError }: WorkOptions): Promise<BenchWorker> {
    const redis = new Redis(url);
    let closing = false;
    const drain = async (): Promise<void> => {
      let batch = await redis.rpop(QUEUE, BATCH);
      while (batch) {
        const pipeline = redis.pipeline();
        for (const text of batch) {
          const { id, data } = JSON.parse(text) as PlainTask;
          const result = await (async () => handle(data))();
          const status: PlainStatus = { state: 'completed', result };
          pipeline.set(statusKey(id), JSON.stringify(status), 'EX', STATUS_SECONDS);
        }
        const isLast = closing;
        if (!isLast) pipeline.rpop(QUEUE, BATCH);
        const replies = await pipeline.exec();
        batch = isLast ? null : ((replies?.at(-1)?.[1] ?? null) as string[] | null);
      }
    };
    const drained = drain().catch(onError);
    return {
      async close() {
        closing = true;
        await drained;
        await redis.quit();
      },
    };
  },

  async unsettled(redis: Redis): Promise<number> {
    return redis.llen(QUEUE);
  },

  completed: countCompleted,
};

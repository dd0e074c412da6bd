import { Redis } from 'ioredis';
import type { BenchProducer, BenchRequester, BenchWorker, Peer, WorkOptions } from '../peer.js';
import { QUEUE, type TaskData } from '../task-data.js';
import { ByHandLoop } from './by-hand-loop.js';
import { packageVersion } from './package-version.js';
import { countCompleted, plainTask, type PlainStatus, setStatus, STATUS_SECONDS, statusKey } from './plain-task.js';
import { polled } from './polled.js';

async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url);
  await redis.ping();
  return redis;
}

/** @returns the id */
async function add(redis: Redis, data: TaskData): Promise<string> {
  const task = plainTask(data);
  await Promise.all([setStatus(redis, task.id, { state: 'waiting' }), redis.lpush(QUEUE, JSON.stringify(task))]);
  return task.id;
}

async function addBulk(redis: Redis, rows: readonly TaskData[]): Promise<void> {
  const tasks = rows.map(plainTask);
  const status: PlainStatus = { state: 'waiting' };
  const pipeline = redis.pipeline();
  for (const { id } of tasks) pipeline.set(statusKey(id), JSON.stringify(status), 'EX', STATUS_SECONDS);
  pipeline.lpush(QUEUE, ...tasks.map((task) => JSON.stringify(task)));
  const replies = await pipeline.exec();
  const [failure] = replies?.find(([error]) => error) ?? [];
  if (failure) throw failure;
}

/** What people write who use Redis without a library. A task that its worker had popped is lost with it. */
export const peer: Peer = {
  title: 'LPUSH, BRPOP and SET by hand',
  setup: `${packageVersion('ioredis/package.json')}, one loop with a connection of its own for each task at once`,

  async produce(url: string): Promise<BenchProducer> {
    const redis = await connect(url);
    return {
      add: (data) => add(redis, data),
      addBulk: (rows) => addBulk(redis, rows),
      async close() {
        await redis.quit();
      },
    };
  },

  async work(url: string, options: WorkOptions): Promise<BenchWorker> {
    const redis = await connect(url);
    const starting = Array.from({ length: options.concurrency }, () => ByHandLoop.start(redis, options));
    const loops = await Promise.all(starting);
    return {
      async close() {
        await Promise.all(loops.map((loop) => loop.close()));
        await redis.quit();
      },
    };
  },

  async request(url: string): Promise<BenchRequester> {
    const redis = await connect(url);
    return {
      async request(data) {
        const id = await add(redis, data);
        return polled(async () => (JSON.parse((await redis.get(statusKey(id))) ?? '{}') as PlainStatus).result);
      },
      async close() {
        await redis.quit();
      },
    };
  },

  /** What is active stands nowhere. */
  async unsettled(redis: Redis): Promise<number> {
    return redis.llen(QUEUE);
  },

  completed: countCompleted,
};

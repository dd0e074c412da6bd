import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BenchProducer, BenchWorker, Peer, WorkOptions } from '../peer.js';
import { QUEUE, TASK_NAME, type TaskData, type TaskResult } from '../task-data.js';
import { packageVersion } from './package-version.js';

const manifest = pathToFileURL(createRequire(import.meta.url).resolve('bullmq/package.json'));

/** BullMQ through its own classes, without the layer that @nestjs/bullmq puts around them. */
export const peer: Peer = {
  title: packageVersion(manifest),
  setup: 'Queue and Worker; concurrency set, removeOnComplete false, maxRetriesPerRequest null, all else as by default',

  async produce(url: string): Promise<BenchProducer> {
    const queue = new Queue<TaskData>(QUEUE, {
      connection: { url, maxRetriesPerRequest: null },
      defaultJobOptions: { removeOnComplete: false },
    });
    await queue.waitUntilReady();
    return {
      add: (data) => queue.add(TASK_NAME, data),
      addBulk: (rows) => queue.addBulk(rows.map((data) => ({ name: TASK_NAME, data }))),
      close: () => queue.close(),
    };
  },

  async work(url: string, { concurrency, handle, onError }: WorkOptions): Promise<BenchWorker> {
    const worker = new Worker<TaskData, TaskResult>(QUEUE, async (job) => handle(job.data), {
      connection: { url, maxRetriesPerRequest: null },
      concurrency,
    });
    worker.on('error', onError).on('failed', (_job, error) => onError(error));
    await worker.waitUntilReady();
    return { close: () => worker.close() };
  },

  async unsettled(redis: Redis): Promise<number> {
    return (await redis.llen(`bull:${QUEUE}:wait`)) + (await redis.llen(`bull:${QUEUE}:active`));
  },

  async completed(redis: Redis): Promise<number> {
    return redis.zcard(`bull:${QUEUE}:completed`);
  },
};

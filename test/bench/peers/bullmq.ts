import { Queue, QueueEvents, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BenchProducer, BenchRequester, BenchWorker, DelayedTask, Peer, WorkOptions } from '../peer.js';
import { QUEUE, TASK_NAME, type TaskData, type TaskResult } from '../task-data.js';
import { packageVersion } from './package-version.js';

async function open(url: string): Promise<Queue<TaskData, TaskResult>> {
  const queue = new Queue<TaskData, TaskResult>(QUEUE, {
    connection: { url, maxRetriesPerRequest: null },
    defaultJobOptions: { removeOnComplete: false },
  });
  await queue.waitUntilReady();
  return queue;
}

/** BullMQ through its own classes, without the layer that @nestjs/bullmq puts around them. */
export const peer: Peer = {
  title: packageVersion('bullmq/package.json'),
  setup: 'Queue and Worker; concurrency set, removeOnComplete false, maxRetriesPerRequest null, all else as by default',

  async produce(url: string): Promise<BenchProducer> {
    const queue = await open(url);
    return {
      add: (data) => queue.add(TASK_NAME, data),
      addBulk: (rows) => queue.addBulk(rows.map((data) => ({ name: TASK_NAME, data }))),
      close: () => queue.close(),
    };
  },

  async work(url: string, { queues, concurrency, handle, onError }: WorkOptions): Promise<BenchWorker> {
    const connection = { url, maxRetriesPerRequest: null };
    const workers = queues.map((queue) =>
      new Worker<TaskData, TaskResult>(queue, async (job) => handle(job.data), { connection, concurrency })
        .on('error', onError)
        .on('failed', (_job, error) => onError(error)),
    );
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    return {
      async close() {
        await Promise.all(workers.map((worker) => worker.close()));
      },
    };
  },

  async request(url: string): Promise<BenchRequester> {
    const queue = await open(url);
    const events = new QueueEvents(QUEUE, { connection: { url, maxRetriesPerRequest: null } });
    await events.waitUntilReady();
    return {
      async request(data) {
        const job = await queue.add(TASK_NAME, data);
        return job.waitUntilFinished(events);
      },
      async close() {
        await events.close();
        await queue.close();
      },
    };
  },

  async schedule(url: string, tasks: readonly DelayedTask[]): Promise<void> {
    const queue = await open(url);
    await queue.addBulk(
      tasks.map(({ data, dueAt }) => ({ name: TASK_NAME, data, opts: { delay: dueAt - Date.now() } })),
    );
    await queue.close();
  },

  async unsettled(redis: Redis): Promise<number> {
    return (await redis.llen(`bull:${QUEUE}:wait`)) + (await redis.llen(`bull:${QUEUE}:active`));
  },

  async completed(redis: Redis): Promise<number> {
    return redis.zcard(`bull:${QUEUE}:completed`);
  },
};

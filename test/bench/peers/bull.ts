import Queue from 'bull';
import type { Redis } from 'ioredis';
import type { BenchProducer, BenchRequester, BenchWorker, DelayedTask, Peer, WorkOptions } from '../peer.js';
import { QUEUE, TASK_NAME, type TaskData, type TaskResult } from '../task-data.js';
import { packageVersion } from './package-version.js';

function open(url: string): Promise<Queue<TaskData>> {
  return new Queue<TaskData>(QUEUE, url, { defaultJobOptions: { removeOnComplete: false } }).isReady();
}

/** The predecessor of BullMQ, which many still run. */
export const peer: Peer = {
  title: packageVersion('bull/package.json'),
  setup: 'Queue and process; concurrency set, removeOnComplete false, all else as by default',

  async produce(url: string): Promise<BenchProducer> {
    const queue = await open(url);
    return {
      add: (data) => queue.add(TASK_NAME, data),
      addBulk: (rows) => queue.addBulk(rows.map((data) => ({ name: TASK_NAME, data }))),
      close: () => queue.close(),
    };
  },

  async work(url: string, { queues: names, concurrency, handle, onError }: WorkOptions): Promise<BenchWorker> {
    const queues = names.map((name) =>
      new Queue<TaskData>(name, url).on('error', onError).on('failed', (_job, error) => onError(error)),
    );
    await Promise.all(queues.map((queue) => queue.isReady()));
    const loops = queues.map((queue) => queue.process(TASK_NAME, concurrency, async (job) => handle(job.data)));
    for (const loop of loops) loop.catch(onError);
    return {
      async close() {
        await Promise.all(queues.map((queue) => queue.close()));
      },
    };
  },

  async request(url: string): Promise<BenchRequester> {
    const queue = await open(url);
    return {
      async request(data) {
        const job = await queue.add(TASK_NAME, data);
        return (await job.finished()) as TaskResult;
      },
      close: () => queue.close(),
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

import Queue, { type Job } from 'bee-queue';
import type { Redis } from 'ioredis';
import type { BenchProducer, BenchRequester, BenchWorker, DelayedTask, Peer, WorkOptions } from '../peer.js';
import { QUEUE, type TaskData, type TaskResult } from '../task-data.js';
import { packageVersion } from './package-version.js';

/** Its documentation wants the worker to look for what dead workers held, at most once per `stallInterval` (5 s). */
const STALLED_CHECK_MS = 5_000;

function open(url: string): Promise<Queue<TaskData>> {
  return new Queue<TaskData>(QUEUE, { redis: url, isWorker: false, getEvents: false, storeJobs: false }).ready();
}

async function saveAll(queue: Queue<TaskData>, jobs: Job<TaskData>[]): Promise<void> {
  const [error] = (await queue.saveAll(jobs)).values();
  if (error) throw error;
}

export const peer: Peer = {
  title: packageVersion('bee-queue/package.json'),
  setup:
    'createJob, saveAll and process; concurrency set, stalled jobs looked for, no events where nobody listens, ' +
    'all else as by default',

  async produce(url: string): Promise<BenchProducer> {
    const queue = await open(url);
    return {
      add: (data) => queue.createJob(data).save(),
      addBulk: (rows) =>
        saveAll(
          queue,
          rows.map((data) => queue.createJob(data)),
        ),
      close: () => queue.close(),
    };
  },

  async work(
    url: string,
    { queues: names, concurrency, handle, onError, awaitsDelayed = false }: WorkOptions,
  ): Promise<BenchWorker> {
    const queues = names.map(
      (name) =>
        new Queue<TaskData>(name, {
          redis: url,
          getEvents: false,
          storeJobs: false,
          activateDelayedJobs: awaitsDelayed,
        }),
    );
    for (const queue of queues) {
      queue.on('error', onError).on('failed', (_job, error) => onError(error));
      await queue.ready();
      queue.process(concurrency, async (job) => handle(job.data));
      await queue.checkStalledJobs(STALLED_CHECK_MS);
    }
    return {
      async close() {
        await Promise.all(queues.map((queue) => queue.close()));
      },
    };
  },

  async request(url: string): Promise<BenchRequester> {
    const queue = await new Queue<TaskData>(QUEUE, { redis: url, isWorker: false }).ready();
    return {
      request: (data) =>
        new Promise<TaskResult>((resolve, reject) => {
          queue.createJob(data).on('succeeded', resolve).on('failed', reject).save().catch(reject);
        }),
      close: () => queue.close(),
    };
  },

  async schedule(url: string, tasks: readonly DelayedTask[]): Promise<void> {
    const queue = await open(url);
    await saveAll(
      queue,
      tasks.map(({ data, dueAt }) => queue.createJob(data).delayUntil(dueAt)),
    );
    await queue.close();
  },

  async unsettled(redis: Redis): Promise<number> {
    return (await redis.llen(`bq:${QUEUE}:waiting`)) + (await redis.llen(`bq:${QUEUE}:active`));
  },

  async completed(redis: Redis): Promise<number> {
    return redis.scard(`bq:${QUEUE}:succeeded`);
  },
};

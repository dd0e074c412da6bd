import { Queue, Worker } from 'groupmq';
import { Redis } from 'ioredis';
import type { BenchProducer, BenchRequester, BenchWorker, DelayedTask, Peer, WorkOptions } from '../peer.js';
import { QUEUE, type TaskData, type TaskResult } from '../task-data.js';
import { packageVersion } from './package-version.js';
import { polled } from './polled.js';

/** Tasks of a group run one after the other, so it takes as many groups as tasks are to run at once. */
const GROUPS = 100;
const KEPT = 1_000_000_000;
/** It has no bulk, but can send together what is added within so long. */
const BULK = { size: 1_000, maxWaitMs: 1 };
const DAY_MS = 86_400_000;
const KEY = `groupmq:${QUEUE}`;

const groupOf = ({ n }: TaskData): string => `group-${n % GROUPS}`;

async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  await redis.ping();
  return redis;
}

function open(redis: Redis, namespace = QUEUE): Queue<TaskData> {
  return new Queue({ redis, namespace, keepCompleted: KEPT });
}

function openForBulks(redis: Redis): Queue<TaskData> {
  return new Queue({ redis, namespace: QUEUE, keepCompleted: KEPT, autoBatch: BULK });
}

export const peer: Peer = {
  title: packageVersion('groupmq/package.json'),
  setup: `Queue and Worker; ${GROUPS} groups, concurrency set, completed jobs kept, bulks by autoBatch, all else as by default`,

  async produce(url: string): Promise<BenchProducer> {
    const redis = await connect(url);
    const queue = open(redis);
    const bulks = openForBulks(redis);
    return {
      add: (data) => queue.add({ groupId: groupOf(data), data }),
      addBulk: (rows) => Promise.all(rows.map((data) => bulks.add({ groupId: groupOf(data), data }))),
      close: () => queue.close(),
    };
  },

  async work(url: string, { queues: names, concurrency, handle, onError }: WorkOptions): Promise<BenchWorker> {
    const queues = await Promise.all(names.map(async (name) => open(await connect(url), name)));
    const fail = (error: unknown): void => onError(error instanceof Error ? error : new Error(String(error)));
    const workers = queues.map(
      (queue) => new Worker({ queue, concurrency, handler: async ({ data }) => handle(data), onError: fail }),
    );
    return {
      async close() {
        await Promise.all(workers.map((worker) => worker.close()));
        await Promise.all(queues.map((queue) => queue.close()));
      },
    };
  },

  async request(url: string): Promise<BenchRequester> {
    const queue = open(await connect(url));
    return {
      async request(data) {
        const { id } = await queue.add({ groupId: groupOf(data), data });
        return polled(async () => {
          const job = await queue.getJob(id);
          return job.status === 'completed' ? (job.returnvalue as TaskResult) : undefined;
        });
      },
      close: () => queue.close(),
    };
  },

  /** In groups of their own: a group waits for its first task. */
  async schedule(url: string, tasks: readonly DelayedTask[]): Promise<void> {
    const queue = openForBulks(await connect(url));
    await Promise.all(
      tasks.map(({ data, dueAt }) => queue.add({ groupId: `later-${groupOf(data)}`, data, delay: dueAt - Date.now() })),
    );
    await queue.close();
  },

  /** It has no list of what waits. But it numbers tasks by the day, so what was added is known. */
  async unsettled(redis: Redis): Promise<number> {
    const today = Math.floor(Date.now() / DAY_MS);
    const added = await redis.mget(`${KEY}:seq:${today}`, `${KEY}:seq:${today - 1}`);
    const settled = (await redis.zcard(`${KEY}:completed`)) + (await redis.zcard(`${KEY}:delayed`));
    return added.reduce((sum, count) => sum + Number(count), 0) - settled;
  },

  async completed(redis: Redis): Promise<number> {
    return redis.zcard(`${KEY}:completed`);
  },
};

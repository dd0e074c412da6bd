import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { BenchProducer, BenchRequester, BenchWorker, DelayedTask, Peer, Variant, WorkOptions } from '../peer.js';
import { QUEUE, TASK_NAME, type TaskResult } from '../task-data.js';
import { TaskProducer, TaskScheduler, TaskStatusService } from './library.js';
import { type Feature, features } from './ours-features.js';
import { ProducerModule, type Setup, WorkerModule } from './ours-modules.js';
import { watchOthers, watchOurs } from './ours-watching.js';
import { packageVersion } from './package-version.js';
import { polled } from './polled.js';

function start(module: DynamicModule): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger: ['error'] });
}

/** The library, in a Nest application as its users write them. A task that fails is an error in the log. */
export function ours(setup: Setup): Peer {
  const { policies = {} } = setup;
  const feature: Feature | undefined = setup.feature && features[setup.feature];
  const own = feature?.add ?? (() => undefined);
  return {
    title: packageVersion('../../../package.json'),
    setup: `a NestJS application context with RedisTaskQueueModule.forRoot; ${setOptions(setup)} set, all else as by default`,
    variant: variantOf(setup),
    keepsNothing: policies.status === 'off',

    async produce(url: string): Promise<BenchProducer> {
      const app = await start(ProducerModule.at(url, setup));
      const producer = app.get(TaskProducer);
      await enterSchedules(app.get(TaskScheduler), feature?.schedules ?? 0);
      await watchOthers(app, feature?.watchesOthers ?? 0);
      return {
        add: (data) => producer.add(TASK_NAME, data, { queue: QUEUE, ...own(data) }),
        addBulk: (rows) =>
          producer.addBulk(rows.map((data) => ({ name: TASK_NAME, data, queue: QUEUE, ...own(data) }))),
        close: () => app.close(),
      };
    },

    async work(url: string, options: WorkOptions): Promise<BenchWorker> {
      const apps = [await startWatching(url, setup, feature), await start(WorkerModule.at(url, setup, options))];
      return { close: async () => void (await Promise.all(apps.map(async (app) => app?.close()))) };
    },

    /** There is no `wait` yet. */
    async request(url: string): Promise<BenchRequester> {
      const app = await start(ProducerModule.at(url, setup));
      const producer = app.get(TaskProducer);
      const statuses = app.get(TaskStatusService);
      return {
        async request(data) {
          const { id } = await producer.add(TASK_NAME, data, { queue: QUEUE });
          return polled(async () => {
            const status = await statuses.get(id);
            return status?.state === 'completed' ? (status.result as TaskResult) : undefined;
          });
        },
        close: () => app.close(),
      };
    },

    async schedule(url: string, tasks: readonly DelayedTask[]): Promise<void> {
      const app = await start(ProducerModule.at(url, setup));
      const rows = tasks.map(({ data, dueAt }) => ({ name: TASK_NAME, data, queue: QUEUE, runAt: new Date(dueAt) }));
      await app.get(TaskProducer).addBulk(rows);
      await app.close();
    },

    async unsettled(redis: Redis): Promise<number> {
      const workers = await redis.zrange(`task_workers:{${QUEUE}}`, '0', '-1');
      const held = await Promise.all(workers.map((worker) => redis.hlen(`task_active:{${QUEUE}}:${worker}`)));
      const lists = ['', ...(feature?.lanes ?? []).map((lane) => `:${lane}`)];
      const waiting = await Promise.all(lists.map((list) => redis.llen(`task_queue:{${QUEUE}}${list}`)));
      if (feature?.areScheduled) waiting.push(await redis.zcard(`task_scheduled:{${QUEUE}}`));
      return [...held, ...waiting].reduce((sum, tasks) => sum + tasks, 0);
    },

    async completed(redis: Redis): Promise<number> {
      let completed = 0;
      for await (const keys of redis.scanStream({ match: `task_status:{${QUEUE}}:*`, count: 1000 })) {
        const states = await Promise.all((keys as string[]).map((key) => redis.hget(key, 'state')));
        completed += states.filter((state) => state === 'completed').length;
      }
      return completed;
    },
  };
}

export const peer = ours({});

/** In the process of the worker: what it costs to be told is measured with it. */
async function startWatching(
  url: string,
  setup: Setup,
  feature: Feature = {},
): Promise<INestApplicationContext | undefined> {
  const { watchesOthers = 0, watchesOurs } = feature;
  if (watchesOthers === 0 && !watchesOurs) return undefined;
  const app = await start(ProducerModule.at(url, setup));
  await watchOthers(app, watchesOthers);
  if (watchesOurs) await watchOurs(app);
  return app;
}

async function enterSchedules(scheduler: InstanceType<typeof TaskScheduler>, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, n) => `s${n}`);
  await Promise.all(names.map((name) => scheduler.upsert(name, { task: TASK_NAME, queue: QUEUE, every: '365d' })));
}

function variantOf({ policies = {}, enhancers = [], feature }: Setup): Variant {
  if (feature) return 'features';
  if (enhancers.length > 0) return 'enhancers';
  return Object.keys(policies).length > 0 ? 'policies' : 'default';
}

function setOptions({ policies = {}, enhancers = [], feature }: Setup): string {
  const chosen = Object.entries(policies).map(([name, policy]) => `${name}: '${policy}'`);
  const around = enhancers.length > 0 ? [`around the handler ${enhancers.join(', ')}`] : [];
  const asked = feature ? [`${feature} in use`] : [];
  return ['concurrency', ...chosen, ...around, ...asked].join(' and ');
}

import { type DynamicModule, Inject, Injectable, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { BenchProducer, BenchWorker, Peer, WorkOptions } from '../peer.js';
import { QUEUE, TASK_NAME, type TaskData, type TaskResult } from '../task-data.js';
import { RedisTaskQueueModule, TaskHandler, TaskProducer } from './library.js';
import { packageVersion } from './package-version.js';

const HANDLE = Symbol('handle');

@Injectable()
class BenchTasks {
  constructor(@Inject(HANDLE) private readonly handle: WorkOptions['handle']) {}

  @TaskHandler(TASK_NAME, { queue: QUEUE })
  async run(data: TaskData): Promise<TaskResult> {
    return this.handle(data);
  }
}

class ProducerModule {
  static at(url: string): DynamicModule {
    return { module: this, imports: [RedisTaskQueueModule.forRoot({ redis: url })] };
  }
}

class WorkerModule {
  static at(url: string, { concurrency, handle }: WorkOptions): DynamicModule {
    return {
      module: this,
      imports: [RedisTaskQueueModule.forRoot({ redis: url, queues: { [QUEUE]: { concurrency } } })],
      providers: [BenchTasks, { provide: HANDLE, useValue: handle }],
    };
  }
}

function start(module: DynamicModule): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(module, { logger: ['error'] });
}

/** The library, in a Nest application as its users write them. A task that fails is an error in the log. */
export const peer: Peer = {
  title: packageVersion(new URL('../../../package.json', import.meta.url)),
  setup: 'a NestJS application context with RedisTaskQueueModule.forRoot; concurrency set, all else as by default',

  async produce(url: string): Promise<BenchProducer> {
    const app = await start(ProducerModule.at(url));
    const producer = app.get(TaskProducer);
    return {
      add: (data) => producer.add(TASK_NAME, data, { queue: QUEUE }),
      addBulk: (rows) => producer.addBulk(rows.map((data) => ({ name: TASK_NAME, data, queue: QUEUE }))),
      close: () => app.close(),
    };
  },

  async work(url: string, options: WorkOptions): Promise<BenchWorker> {
    const app = await start(WorkerModule.at(url, options));
    return { close: () => app.close() };
  },

  async unsettled(redis: Redis): Promise<number> {
    const workers = await redis.zrange(`task_workers:{${QUEUE}}`, '0', '-1');
    const held = await Promise.all(workers.map((worker) => redis.hlen(`task_active:{${QUEUE}}:${worker}`)));
    const waiting = await redis.llen(`task_queue:{${QUEUE}}`);
    return held.reduce((sum, tasks) => sum + tasks, waiting);
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

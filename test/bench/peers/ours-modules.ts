import { type DynamicModule, Inject, Injectable, type Type } from '@nestjs/common';
import type { QueueOptions, RedisTaskQueueOptions } from '../../../lib/index.js';
import type { WorkOptions } from '../peer.js';
import { TASK_NAME, type TaskData, type TaskResult } from '../task-data.js';
import { RedisTaskQueueModule, TaskHandler } from './library.js';
import { type EnhancerName, enhancers } from './ours-enhancers.js';
import { type Feature, type FeatureName, features } from './ours-features.js';

const HANDLE = Symbol('handle');

/** What differs from how the library is by default. */
export interface Setup {
  /** What users choose per queue. */
  policies?: Pick<QueueOptions, 'status' | 'ack' | 'delivery'>;
  /** What stands around the handler. */
  enhancers?: readonly EnhancerName[];
  feature?: FeatureName;
}

function moduleOptions(
  url: string,
  { policies, feature }: Setup,
  ofWorker: Pick<QueueOptions, 'concurrency'> = {},
): RedisTaskQueueOptions {
  const of: Feature | undefined = feature && features[feature];
  return { redis: url, defaults: { ...policies, ...of?.queue, ...ofWorker }, telemetry: of?.isTraced };
}

/** The application of a producer. */
export class ProducerModule {
  static at(url: string, setup: Setup): DynamicModule {
    return { module: this, imports: [RedisTaskQueueModule.forRoot(moduleOptions(url, setup))] };
  }
}

/** The application of a worker. */
export class WorkerModule {
  static at(url: string, setup: Setup, { queues, concurrency, handle }: Omit<WorkOptions, 'onError'>): DynamicModule {
    const { enhancers: around = [] } = setup;
    return {
      module: this,
      imports: [RedisTaskQueueModule.forRoot(moduleOptions(url, setup, { concurrency }))],
      providers: [...queues.map((queue) => handlerOf(queue, setup, around)), { provide: HANDLE, useValue: handle }],
    };
  }
}

function handlerOf(queue: string, { feature }: Setup, around: readonly EnhancerName[]): Type {
  const of: Feature | undefined = feature && features[feature];
  return of?.batchSize ? batchesOf(queue, of.batchSize) : tasksOf(queue, around);
}

function batchesOf(queue: string, size: number): Type {
  @Injectable()
  class BenchBatches {
    constructor(@Inject(HANDLE) private readonly handle: WorkOptions['handle']) {}

    @TaskHandler(TASK_NAME, { queue, batch: { size } })
    async run(batch: TaskData[]): Promise<TaskResult[]> {
      const results: TaskResult[] = [];
      for (const data of batch) results.push(await this.handle(data));
      return results;
    }
  }
  return BenchBatches;
}

function tasksOf(queue: string, around: readonly EnhancerName[]): Type {
  @Injectable()
  class BenchTasks {
    constructor(@Inject(HANDLE) private readonly handle: WorkOptions['handle']) {}

    @TaskHandler(TASK_NAME, { queue })
    async run(data: TaskData): Promise<TaskResult> {
      return this.handle(data);
    }
  }
  for (const name of around) enhancers[name](BenchTasks);
  return BenchTasks;
}

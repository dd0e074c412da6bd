import { type DynamicModule, Inject, Injectable, type Type } from '@nestjs/common';
import type { QueueOptions } from '../../../lib/index.js';
import type { WorkOptions } from '../peer.js';
import { TASK_NAME, type TaskData, type TaskResult } from '../task-data.js';
import { RedisTaskQueueModule, TaskHandler } from './library.js';

const HANDLE = Symbol('handle');

/** What users choose per queue. */
export type Policies = Pick<QueueOptions, 'status' | 'ack' | 'delivery'>;

/** The application of a producer. */
export class ProducerModule {
  static at(url: string, policies: Policies): DynamicModule {
    return { module: this, imports: [RedisTaskQueueModule.forRoot({ redis: url, defaults: policies })] };
  }
}

/** The application of a worker. */
export class WorkerModule {
  static at(
    url: string,
    policies: Policies,
    { queues, concurrency, handle }: Omit<WorkOptions, 'onError'>,
  ): DynamicModule {
    return {
      module: this,
      imports: [RedisTaskQueueModule.forRoot({ redis: url, defaults: { ...policies, concurrency } })],
      providers: [...queues.map(tasksOf), { provide: HANDLE, useValue: handle }],
    };
  }
}

function tasksOf(queue: string): Type {
  @Injectable()
  class BenchTasks {
    constructor(@Inject(HANDLE) private readonly handle: WorkOptions['handle']) {}

    @TaskHandler(TASK_NAME, { queue })
    async run(data: TaskData): Promise<TaskResult> {
      return this.handle(data);
    }
  }
  return BenchTasks;
}

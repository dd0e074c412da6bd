import { type DynamicModule, Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { QuoteTasks } from './quote.tasks.js';

/** The worker: it has the handlers. */
@Module({ providers: [QuoteTasks] })
export class WorkerModule {
  static on(redis: string): DynamicModule {
    return { module: WorkerModule, imports: [RedisTaskQueueModule.forRoot({ redis })] };
  }
}

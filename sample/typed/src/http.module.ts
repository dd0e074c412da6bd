import { type DynamicModule, Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { QuotesController } from './quotes.controller.js';

/** The side of HTTP: it adds tasks and knows of no handler, only of the contract. */
@Module({ controllers: [QuotesController] })
export class HttpModule {
  static on(redis: string): DynamicModule {
    return { module: HttpModule, imports: [RedisTaskQueueModule.forRoot({ redis })] };
  }
}

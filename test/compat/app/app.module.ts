import { Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { OrderTasks, QUEUE } from './order.tasks.js';
import { OrdersController } from './orders.controller.js';
import { openRedis } from './redis.js';

@Module({
  imports: [
    RedisTaskQueueModule.forRootAsync({
      useFactory: () => ({ redis: openRedis, commandTimeout: 500, queues: { [QUEUE]: { concurrency: 10 } } }),
    }),
  ],
  controllers: [OrdersController],
  providers: [OrderTasks],
})
export class AppModule {}

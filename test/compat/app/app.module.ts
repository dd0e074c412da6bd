import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { BillTasks } from './bill.tasks.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveryTasks } from './delivery.tasks.js';
import { HealthController } from './health.controller.js';
import { OrderTasks, QUEUE } from './order.tasks.js';
import { OrdersController } from './orders.controller.js';
import { telemetry } from './platform.js';
import { openRedis } from './redis.js';
import { Tenant } from './tenant.js';

@Module({
  imports: [
    TerminusModule.forRoot({ logger: false }),
    RedisTaskQueueModule.forRootAsync({
      useFactory: () => ({
        redis: openRedis,
        commandTimeout: 500,
        queues: { [QUEUE]: { concurrency: 10 } },
        telemetry,
      }),
    }),
  ],
  controllers: [OrdersController, DeliveriesController, HealthController],
  providers: [OrderTasks, DeliveryTasks, BillTasks, Tenant],
})
export class AppModule {}

import { Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { ParcelTasks } from './parcel.tasks.js';
import { redisUrl } from './redis-url.js';

@Module({
  imports: [RedisTaskQueueModule.forRootAsync({ useFactory: async () => ({ redis: await redisUrl() }) })],
  providers: [ParcelTasks],
})
export class AppModule {}

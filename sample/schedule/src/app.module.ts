import { Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { OfficeTasks } from './office.tasks.js';
import { redisUrl } from './redis-url.js';

@Module({
  imports: [
    RedisTaskQueueModule.forRootAsync({
      useFactory: async () => ({
        redis: await redisUrl(),
        // Whose schedules these are: one that is taken out of the code is removed at the next start.
        schedules: { owner: 'office' },
      }),
    }),
  ],
  providers: [OfficeTasks],
})
export class AppModule {}

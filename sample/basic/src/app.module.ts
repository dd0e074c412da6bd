import { Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { EMAIL_QUEUE, EmailTasks } from './email.tasks.js';
import { EmailsController } from './emails.controller.js';
import { PageController } from './page.controller.js';
import { redisUrl } from './redis-url.js';
import { TasksController } from './tasks.controller.js';

@Module({
  imports: [
    RedisTaskQueueModule.forRootAsync({
      useFactory: async () => ({
        redis: await redisUrl(),
        queues: { [EMAIL_QUEUE]: { concurrency: 20 } },
      }),
    }),
  ],
  controllers: [EmailsController, PageController, TasksController],
  providers: [EmailTasks],
})
export class AppModule {}

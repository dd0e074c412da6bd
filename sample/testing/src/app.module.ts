import { Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { InvoiceTasks } from './invoice.tasks.js';
import { MailServer } from './mail-server.js';
import { redisUrl } from './redis-url.js';

@Module({
  imports: [RedisTaskQueueModule.forRootAsync({ useFactory: async () => ({ redis: await redisUrl() }) })],
  providers: [InvoiceTasks, MailServer],
})
export class AppModule {}

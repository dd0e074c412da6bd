import { Module } from '@nestjs/common';
import { RedisTaskQueueModule } from 'nestjs-redis-task-queue';
import { InvoiceTasks } from './invoice.tasks.js';
import { MailServer } from './mail-server.js';

@Module({ imports: [RedisTaskQueueModule.forRoot()], providers: [InvoiceTasks, MailServer] })
export class AppModule {}

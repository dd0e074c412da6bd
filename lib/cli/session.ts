import { NestFactory } from '@nestjs/core';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { TaskBroker } from '../broker/task-broker.js';
import { RedisTaskQueueModule } from '../module/redis-task-queue.module.js';
import { TaskQueueMonitor } from '../monitor/task-queue-monitor.service.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { TaskStatusService } from '../status/task-status.service.js';

/** What a command does its work with. It adds and steers, and runs no task. */
export interface Session {
  producer: TaskProducer;
  status: TaskStatusService;
  admin: TaskQueueAdmin;
  monitor: TaskQueueMonitor;
  broker: TaskBroker;
  close: () => Promise<void>;
}

export interface SessionOptions {
  redis?: string | undefined;
  prefix?: string | undefined;
}

/** @throws TaskQueueError `REDIS_UNAVAILABLE`, `REDIS_REFUSED`, `INVALID_OPTIONS` */
export async function openSession({ redis, prefix }: SessionOptions): Promise<Session> {
  const queue = RedisTaskQueueModule.forRoot({ redis, prefix, consume: false, waitForRedis: false });
  const app = await NestFactory.createApplicationContext(queue, { logger: false, abortOnError: false });
  return {
    producer: app.get(TaskProducer),
    status: app.get(TaskStatusService),
    admin: app.get(TaskQueueAdmin),
    monitor: app.get(TaskQueueMonitor),
    broker: app.get(TaskBroker, { strict: false }),
    close: () => app.close(),
  };
}

import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisTaskQueueModule, type RedisTaskQueueOptions } from 'nestjs-redis-task-queue';
import { DIGEST_QUEUE, DigestTasks } from './digest.tasks.js';
import { FileDigests } from './file-digests.js';

/** In what the processes differ: where Redis is (`REDIS_URL` if left out), and whether they work on tasks (they do). */
export type DigestOptions = Pick<RedisTaskQueueOptions, 'redis' | 'consume'>;

@Module({ providers: [DigestTasks, FileDigests] })
export class DigestModule {
  static register(options: DigestOptions): DynamicModule {
    const taskQueue = RedisTaskQueueModule.forRoot({
      ...options,
      // Nobody who pressed Ctrl-C wants to wait for a large file: its task is given back to the queue.
      shutdownTimeout: '1s',
      queues: { [DIGEST_QUEUE]: { concurrency: 8, retention: { completed: '1h', failed: '1h' } } },
    });
    return { module: DigestModule, imports: [taskQueue] };
  }
}

/** The application without HTTP, and quiet: which tasks failed, and why, is in the report. */
export async function createDigestApp(options: DigestOptions): Promise<INestApplicationContext> {
  return NestFactory.createApplicationContext(DigestModule.register(options), {
    logger: ['fatal'],
    abortOnError: false,
  });
}

import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { TaskConsumers } from '../consumer/task-consumers.service.js';
import { TaskHandler } from '../decorators/task-handler.decorator.js';
import { RedisTaskQueueModule } from '../module/redis-task-queue.module.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import type { SessionOptions } from './session.js';

const QUEUE = 'bench';
const NAME = 'bench.task';
const CHUNK = 1_000;
const DATA = { text: 'x'.repeat(180) };

export interface BenchRates {
  addedPerSecond: number;
  completedPerSecond: number;
}

/** Counts down, and says when all have run. */
@Injectable()
class BenchTasks {
  private left = Infinity;
  private finish: () => void = () => undefined;

  async after(count: number): Promise<void> {
    this.left = count;
    return new Promise((resolve) => (this.finish = resolve));
  }

  @TaskHandler(NAME, { queue: QUEUE })
  run(): void {
    if (--this.left === 0) this.finish();
  }
}

/** Adds tasks of 200 bytes in bulks of 1,000, and then runs them all. Of what it has written nothing stays. */
export async function runBench(
  { redis, prefix }: SessionOptions,
  tasks: number,
  concurrency: number,
  signal: AbortSignal,
): Promise<BenchRates> {
  const queues = { [QUEUE]: { concurrency } };
  const queue = RedisTaskQueueModule.forRoot({ redis, prefix, queues, autoStart: false, waitForRedis: false });
  const root = { module: class BenchModule {}, imports: [queue], providers: [BenchTasks] };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  try {
    const producer = app.get(TaskProducer);
    const addedPerSecond = await rate(tasks, async () => {
      for (let added = 0; added < tasks; added += CHUNK) {
        signal.throwIfAborted();
        const rows = Array.from({ length: Math.min(CHUNK, tasks - added) }, () => ({
          name: NAME,
          data: DATA,
          queue: QUEUE,
        }));
        await producer.addBulk(rows);
      }
    });
    const consumers = app.get(TaskConsumers);
    const completedPerSecond = await rate(tasks, async () => {
      const all = app.get(BenchTasks).after(tasks);
      await consumers.start(QUEUE);
      await Promise.race([all, aborted(signal)]);
      await consumers.stop(QUEUE);
    });
    return { addedPerSecond, completedPerSecond };
  } finally {
    await app.get(TaskConsumers).stop(QUEUE);
    await app.get(TaskQueueAdmin).obliterate(QUEUE, { force: true });
    await app.close();
  }
}

async function rate(count: number, work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (count / (performance.now() - begun)) * 1_000;
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

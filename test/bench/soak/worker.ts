/** The process that is watched: one worker of the library with all its queues. Started by `soak-process.ts`. */
import 'reflect-metadata';
import { applyDecorators, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskContext } from '../../../lib/index.js';
import { RedisTaskQueueModule, TaskHandler } from '../peers/library.js';
import { Journal } from './journal.js';
import { type Kind, KINDS, QUEUES, RETENTION_MS, type SoakData, taskNameOf } from './load.js';
import type { Question, WorkerSample } from './messages.js';
import { SoakLog } from './soak-log.js';

const [url = ''] = process.argv.slice(2);
const LOOP_RESOLUTION_MS = 10;

// Whoever wanted to know is gone.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);

const journal = new Journal();

/** The handler of tasks of that kind, in whichever queue. */
const On = (kind: Kind): MethodDecorator =>
  applyDecorators(...QUEUES.map(({ name: queue }) => TaskHandler(taskNameOf(kind), { queue, ...KINDS[kind].options })));

@Injectable()
class SoakTasks {
  @On('quick')
  async quick({ n }: SoakData): Promise<{ n: number }> {
    journal.note('returned', n);
    return { n };
  }

  @On('slow')
  async slow({ n, ms }: SoakData): Promise<{ n: number }> {
    await delay(ms);
    journal.note('returned', n);
    return { n };
  }

  @On('progress')
  async progress({ n, ms }: SoakData, task: TaskContext): Promise<void> {
    for (const percent of [25, 50, 75]) {
      await delay(ms / 4);
      task.progress({ percent });
    }
    journal.note('returned', n);
  }

  @On('flaky')
  async flaky({ n }: SoakData, task: TaskContext): Promise<{ n: number }> {
    if (task.attempt === 1) throw this.fail(n);
    journal.note('returned', n);
    return { n };
  }

  @On('failing')
  async failing({ n }: SoakData): Promise<never> {
    throw this.fail(n);
  }

  @On('stuck')
  async stuck({ n }: SoakData, task: TaskContext): Promise<never> {
    if (!task.signal.aborted) await once(task.signal, 'abort');
    this.fail(n);
    throw task.signal.reason;
  }

  @On('deaf')
  async deaf({ n }: SoakData): Promise<void> {
    await delay(100);
    journal.note('returned', n);
  }

  @On('unwanted')
  async unwanted({ n, ms }: SoakData, task: TaskContext): Promise<{ n: number }> {
    try {
      await delay(ms, undefined, { signal: task.signal });
    } catch (error) {
      this.fail(n);
      throw error;
    }
    journal.note('returned', n);
    return { n };
  }

  private fail(n: number): Error {
    journal.note('threw', n);
    return new Error('planned');
  }
}

@Module({
  imports: [
    RedisTaskQueueModule.forRoot({
      redis: url,
      defaults: { retention: { completed: RETENTION_MS, failed: RETENTION_MS } },
      queues: Object.fromEntries(QUEUES.map(({ name, concurrency }) => [name, { concurrency }])),
    }),
  ],
  providers: [SoakTasks],
})
class WorkerApp {}

const log = new SoakLog();
const app = await NestFactory.createApplicationContext(WorkerApp, { logger: log });
app.enableShutdownHooks(['SIGTERM']);
const loopDelay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
loopDelay.enable();

process.on('message', (question: Question) => {
  void (question === 'sample' ? journal.answer(sample()) : stop());
});
await journal.answer('ready');

function sample(): WorkerSample {
  // What it counts is the time from one look to the next, and these are so far apart even if nothing delays them.
  const loopDelayP99Ms = Math.max(0, loopDelay.percentile(99) / 1e6 - LOOP_RESOLUTION_MS);
  gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  loopDelay.reset(); // only now: the collection was ours
  return { heapBytes: heapUsed, rssBytes: rss, loopDelayP99Ms, logLines: log.lines };
}

async function stop(): Promise<void> {
  await app.close();
  loopDelay.disable();
  await journal.answer('stopped');
  journal.close();
  process.off('disconnect', orphaned);
  process.disconnect();
}

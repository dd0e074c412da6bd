/** A worker of a run: does what the tasks ask for, and writes down every begin and end. */
import 'reflect-metadata';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  RedisTaskQueueModule,
  type TaskContext,
  TaskHandler,
  type TaskHandlerOptions,
  TaskSchedule,
} from '../../../../lib/index.js';
import { RATED_NAME, RATED_QUEUE, ratedHandlerOptions, ratedQueueOptions } from '../limits.js';
import { FLAKY_ATTEMPTS, GROUP_CONCURRENCY, QUEUES } from '../plan.js';
import { RunJournal } from '../run-journal.js';
import { dataOf, SCHEDULES } from '../schedules.js';
import { COMMAND_TIMEOUT_MS, SHUTDOWN_TIMEOUT_MS } from '../settings.js';
import { type ChaosData, type ChaosResult, isIntact, type Kind, taskNameOf } from '../tasks.js';
import { readConfig } from './process-config.js';

const { label, url, folder, settings } = readConfig();
const journal = new RunJournal(folder, label);

/** A handler for all queues. */
const OnAll =
  (kind: Kind, options: TaskHandlerOptions = {}): MethodDecorator =>
  (target, key, descriptor) => {
    for (const queue of Object.keys(QUEUES))
      TaskHandler(taskNameOf(kind), { ...options, queue })(target, key, descriptor);
  };

/** Declares what was entered before: nothing must change. */
const OnSchedules: MethodDecorator = (target, key, descriptor) => {
  for (const schedule of SCHEDULES) {
    const { every, queue, name, overlap, catchUp } = schedule;
    const task = taskNameOf('ticked');
    TaskSchedule({ every }, { task, queue, name, overlap, catchUp, data: dataOf(schedule) })(target, key, descriptor);
  }
};

const FLAKY: TaskHandlerOptions = { attempts: FLAKY_ATTEMPTS, backoff: { type: 'fixed', delay: 150 } };

@Injectable()
class Tasks implements OnApplicationShutdown {
  private runs = 0;

  /** Not a promise: some tasks end in the turn of the event loop in which they begin. */
  @OnAll('quick')
  @OnAll('delayed')
  quick(data: ChaosData, task: TaskContext): ChaosResult {
    return this.end(data, task, this.begin(data, task));
  }

  @TaskHandler(taskNameOf('batched'), { queue: 'narrow', batch: { size: 20, maxWait: '50ms' } })
  async batched(data: ChaosData[], tasks: TaskContext[]): Promise<ChaosResult[]> {
    const runs = tasks.map((task, at) => this.begin(data[at]!, task));
    await delay(Math.max(...data.map(({ ms }) => ms)));
    return tasks.map((task, at) => this.end(data[at]!, task, runs[at]!));
  }

  @OnAll('slow')
  @OnAll('debounced')
  @TaskHandler(RATED_NAME, ratedHandlerOptions)
  async slow(data: ChaosData, task: TaskContext): Promise<ChaosResult> {
    const run = this.begin(data, task);
    await delay(data.ms / 2);
    task.progress(run);
    await delay(data.ms / 2);
    return this.end(data, task, run);
  }

  @OnAll('ticked')
  @OnSchedules
  async ticked(data: ChaosData, task: TaskContext): Promise<ChaosResult> {
    const run = this.begin(data, task);
    await delay(data.ms);
    return this.end(data, task, run);
  }

  @OnAll('long')
  async long(data: ChaosData, task: TaskContext): Promise<ChaosResult> {
    const run = this.begin(data, task);
    // Like a well-behaved handler it gives up when it is told to.
    await delay(data.ms, undefined, { signal: task.signal });
    return this.end(data, task, run);
  }

  @OnAll('cpu')
  cpu(data: ChaosData, task: TaskContext): ChaosResult {
    const run = this.begin(data, task);
    burn(data.ms);
    return this.end(data, task, run);
  }

  @OnAll('throwing')
  async throwing(data: ChaosData, task: TaskContext): Promise<never> {
    const run = this.begin(data, task);
    if (data.ms > 0) await delay(data.ms);
    throw this.fail(data, task, run);
  }

  @OnAll('flaky', FLAKY)
  @OnAll('unique', FLAKY)
  async flaky(data: ChaosData, task: TaskContext): Promise<ChaosResult> {
    const run = this.begin(data, task);
    if (data.ms > 0) await delay(data.ms);
    if (task.attempt <= data.throws) throw this.fail(data, task, run);
    return this.end(data, task, run);
  }

  /** Ends when its time is up, and not before. */
  @OnAll('stuck')
  async stuck(data: ChaosData, task: TaskContext): Promise<never> {
    const run = this.begin(data, task);
    if (!task.signal.aborted) await once(task.signal, 'abort');
    this.fail(data, task, run);
    throw task.signal.reason;
  }

  /** Somebody calls it off, or comes too late. */
  @OnAll('unwanted')
  async unwanted(data: ChaosData, task: TaskContext): Promise<ChaosResult> {
    const run = this.begin(data, task);
    await delay(data.ms);
    return this.end(data, task, run);
  }

  @OnAll('poison')
  async poison(data: ChaosData, task: TaskContext): Promise<void> {
    this.begin(data, task);
    await delay(data.ms);
    process.kill(process.pid, 'SIGKILL');
  }

  onApplicationShutdown(): void {
    journal.write({ event: 'closed', rss: process.memoryUsage.rss() });
  }

  private begin(data: ChaosData, { id, attempt }: TaskContext): string {
    const run = `${label}#${++this.runs}`;
    journal.write({ event: 'began', id, run, attempt, data: data.id });
    if (!isIntact(data)) journal.write({ event: 'corrupt', id, run, attempt });
    return run;
  }

  private end({ checksum }: ChaosData, { id, attempt }: TaskContext, run: string): ChaosResult {
    journal.write({ event: 'ended', id, run, attempt });
    return { run, checksum };
  }

  private fail({ checksum }: ChaosData, { id, attempt }: TaskContext, run: string): Error {
    journal.write({ event: 'threw', id, run, attempt });
    return new Error(`planned: ${checksum}`);
  }
}

function burn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

@Module({
  imports: [
    RedisTaskQueueModule.forRoot({
      redis: url,
      lease: settings.leaseMs,
      commandTimeout: COMMAND_TIMEOUT_MS,
      shutdownTimeout: SHUTDOWN_TIMEOUT_MS,
      defaults: { groups: { concurrency: GROUP_CONCURRENCY } },
      queues: Object.fromEntries(
        Object.entries(QUEUES).map(([queue, concurrency]) => [
          queue,
          { concurrency, ...(queue === RATED_QUEUE && ratedQueueOptions) },
        ]),
      ),
    }),
  ],
  providers: [Tasks],
})
class WorkerApp {}

// Its log goes to a file beside the journal.
const app = await NestFactory.createApplicationContext(WorkerApp, { logger: ['error', 'warn'] });
app.enableShutdownHooks(['SIGTERM']);
journal.write({ event: 'ready', rss: process.memoryUsage.rss() });

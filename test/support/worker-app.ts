/**
 * An application that works on queues `default` and `other` in a process of its own. Prints `ready` once it has started and
 * `stopping` when it begins to shut down: on SIGTERM as NestJS does it, on SIGUSR2 through `app.close()`.
 */
import 'reflect-metadata';
import { Injectable, Module, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { setTimeout as delay } from 'node:timers/promises';
import {
  RedisTaskQueueModule,
  type RedisTaskQueueOptions,
  type TaskContext,
  TaskHandler,
  TaskProducer,
} from '../../lib/index.js';
import { Journal, type JournalEntry } from './journal.js';

export interface WorkerAppOptions {
  label: string;
  module: RedisTaskQueueOptions;
  journal: { url: string; prefix: string };
}

/** What tasks `hold` and `together` are to do: it ends when its gate is open. `%` in the name of a gate stands for the worker's label. */
export interface HoldData {
  gate: string;
  /** Goes on when its signal fires. */
  deaf?: boolean;
  /** How long the worker of that label then blocks its event loop. */
  thenSpinMs?: Record<string, number>;
  /** The name of a task to add when the gate is open. */
  thenAdd?: string;
}

const options = JSON.parse(process.env['WORKER_APP'] ?? '') as WorkerAppOptions;
const journal = new Journal(options.journal.url, options.journal.prefix);

@Injectable()
class Tasks implements OnModuleDestroy, OnApplicationShutdown {
  constructor(private readonly producer: TaskProducer) {}

  @TaskHandler('work')
  @TaskHandler('work', { queue: 'other' })
  async work({ ms }: { ms: number }, task: TaskContext): Promise<string> {
    await note('began', task);
    await delay(ms);
    return options.label;
  }

  @TaskHandler('hold')
  async hold({ gate, deaf = false, thenSpinMs = {}, thenAdd }: HoldData, task: TaskContext): Promise<string> {
    await note('began', task);
    task.signal.addEventListener('abort', () => void note('aborted', task));
    while (!(await journal.isOpen(gate.replace('%', options.label)))) {
      if (!deaf) task.signal.throwIfAborted();
      await delay(5);
    }
    spinFor(thenSpinMs[options.label] ?? 0);
    if (thenAdd !== undefined) await this.producer.add(thenAdd, { ms: 0 });
    await note('ended', task);
    return options.label;
  }

  @TaskHandler('together', { batch: { size: 3, maxWait: '2s' } })
  async together(data: HoldData[], tasks: TaskContext[]): Promise<string[]> {
    return Promise.all(data.map((each, at) => this.hold(each, tasks[at]!)));
  }

  /** Of a plain list: in the journal it goes by its element. */
  @TaskHandler('plain')
  async plain(element: string, { attempt }: TaskContext): Promise<string> {
    await journal.write({ event: 'began', id: element, attempt, worker: options.label });
    await delay(2);
    return element;
  }

  @TaskHandler('spin')
  spin({ ms }: { ms: number }): string {
    spinFor(ms);
    return options.label;
  }

  @TaskHandler('poison')
  @TaskHandler('poison', { queue: 'other' })
  async poison({ ms }: { ms: number }, task: TaskContext): Promise<void> {
    await note('began', task);
    await delay(ms);
    process.kill(process.pid, 'SIGKILL');
  }

  onModuleDestroy(): void {
    console.log('stopping');
  }

  onApplicationShutdown(): void {
    journal.close();
  }
}

async function note(event: JournalEntry['event'], { id, attempt }: TaskContext): Promise<void> {
  await journal.write({ event, id, attempt, worker: options.label });
}

/** Keeps the event loop from turning. */
function spinFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Kept in the journal; what is logged once that is closed is of no interest. */
function log(text: unknown): void {
  journal.log(options.label, String(text)).catch(() => undefined);
}

@Module({ imports: [RedisTaskQueueModule.forRoot(options.module)], providers: [Tasks] })
class WorkerApp {}

const app = await NestFactory.createApplicationContext(WorkerApp, {
  logger: { log, warn: log, error: log, debug: log },
});
app.enableShutdownHooks(['SIGTERM']);
process.once('SIGUSR2', () => void app.close());
console.log('ready');

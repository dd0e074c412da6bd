/**
 * An application that works on queue `default` in a process of its own. Prints `ready` once it has started and
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

/** What task `hold` is to do: it ends when its gate is open. `%` in the name of a gate stands for the worker's label. */
export interface HoldData {
  gate: string;
  /** Goes on when its signal fires. */
  deaf?: boolean;
  /** The name of a task to add when the gate is open. */
  thenAdd?: string;
}

const options = JSON.parse(process.env['WORKER_APP'] ?? '') as WorkerAppOptions;
const journal = new Journal(options.journal.url, options.journal.prefix);

@Injectable()
class Tasks implements OnModuleDestroy, OnApplicationShutdown {
  constructor(private readonly producer: TaskProducer) {}

  @TaskHandler('work')
  async work({ ms }: { ms: number }, task: TaskContext): Promise<string> {
    await note('began', task);
    await delay(ms);
    return options.label;
  }

  @TaskHandler('hold')
  async hold({ gate, deaf = false, thenAdd }: HoldData, task: TaskContext): Promise<string> {
    await note('began', task);
    task.signal.addEventListener('abort', () => void note('aborted', task));
    while (!(await journal.isOpen(gate.replace('%', options.label)))) {
      if (!deaf) task.signal.throwIfAborted();
      await delay(5);
    }
    if (thenAdd !== undefined) await this.producer.add(thenAdd, { ms: 0 });
    await note('ended', task);
    return options.label;
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

@Module({ imports: [RedisTaskQueueModule.forRoot(options.module)], providers: [Tasks] })
class WorkerApp {}

const app = await NestFactory.createApplicationContext(WorkerApp, { logger: false });
app.enableShutdownHooks(['SIGTERM']);
process.once('SIGUSR2', () => void app.close());
console.log('ready');

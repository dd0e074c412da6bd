import 'reflect-metadata';
import {
  type INestApplicationContext,
  type LoggerService,
  Module,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach } from 'vitest';
import { type RedisTaskQueueOptions, RedisTaskQueueModule, TaskProducer, TaskStatusService } from '../../lib/index.js';

/** What the application logged, by level. */
export class CollectedLog implements LoggerService {
  readonly lines: { level: string; text: string; context: string }[] = [];

  log = (text: unknown, ...rest: unknown[]): void => this.collect('log', text, rest);
  warn = (text: unknown, ...rest: unknown[]): void => this.collect('warn', text, rest);
  error = (text: unknown, ...rest: unknown[]): void => this.collect('error', text, rest);
  debug = (): void => undefined;

  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text);
  }

  /** Who wrote these, line by line. */
  contexts(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ context }) => context);
  }

  /** Nest gives the context last. */
  private collect(level: string, text: unknown, rest: unknown[]): void {
    this.lines.push({ level, text: String(text), context: String(rest.at(-1)) });
  }
}

export interface TestApp {
  app: INestApplicationContext;
  producer: TaskProducer;
  status: TaskStatusService;
  log: CollectedLog;
}

const open = new Set<INestApplicationContext>();

afterEach(async () => {
  for (const app of open) await app.close();
  open.clear();
});

/** Starts an application with the module and these providers; it is closed after the test. */
export async function startApp(
  options: RedisTaskQueueOptions,
  providers: ModuleMetadata['providers'] = [],
  metadata: ModuleMetadata = {},
): Promise<TestApp> {
  @Module({
    ...metadata,
    imports: [RedisTaskQueueModule.forRoot(options), ...(metadata.imports ?? [])],
    providers,
  })
  class TestModule {}
  return startModule(TestModule);
}

export async function startModule(module: Type): Promise<TestApp> {
  const log = new CollectedLog();
  const app = await NestFactory.createApplicationContext(module, { logger: log, abortOnError: false });
  open.add(app);
  return { app, producer: app.get(TaskProducer), status: app.get(TaskStatusService), log };
}

export async function stopApp({ app }: TestApp): Promise<void> {
  open.delete(app);
  await app.close();
}

import { type DynamicModule, type FactoryProvider, Module } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { MovableClock } from '../broker/memory/memory-clock.js';
import { TaskBroker } from '../broker/task-broker.js';
import { TaskHandlerExplorer } from '../discovery/task-handler.explorer.js';
import { RedisTaskQueueModule } from '../module/redis-task-queue.module.js';
import type { InstanceName, RedisTaskQueueOptions } from '../options/index.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { MarkingExplorer } from './inside-handlers.js';
import { StagedBroker } from './staged.broker.js';
import { TaskQueueTester } from './task-queue-tester.js';
import { checkTestingOptions, type TaskQueueTestingOptions } from './testing-options.js';

/** As far as a `TestingModuleBuilder` of `@nestjs/testing` is needed here. */
export interface ProviderOverrides {
  overrideProvider(token: unknown): {
    useFactory(options: {
      factory: (moduleRef: ModuleRef, settings: TaskQueueSettings) => unknown;
      inject: unknown[];
    }): unknown;
    useClass(type: unknown): unknown;
  };
}

/**
 * The task queue of an application under test: in memory, by a clock that the test moves. No Redis is needed, and no connection is opened.
 * Handlers, enhancers, retries, schedules and statuses are those of the application; `TaskQueueTester` says when they run.
 *
 * @example
 * const module = await Test.createTestingModule({ imports: [RedisTaskQueueTestingModule.forRoot(), EmailModule] }).compile();
 * await module.init();
 * const tester = module.get(TaskQueueTester);
 */
@Module({})
export class RedisTaskQueueTestingModule {
  /**
   * In place of `RedisTaskQueueModule.forRoot`, with the same options.
   * @throws InvalidOptionsError at once what is wrong of `inline` and `now`, else when the application starts
   */
  static forRoot({
    inline,
    now,
    ...options
  }: RedisTaskQueueOptions & InstanceName & TaskQueueTestingOptions = {}): DynamicModule {
    // One of its own for each instance: they have nothing in common.
    const redis = (): never => noRedis();
    const definition = RedisTaskQueueModule.forRoot({ ...options, redis });
    return {
      ...definition,
      // The last provider of a token is the one that counts.
      providers: [
        ...(definition.providers ?? []),
        memoryBroker({ inline, now }),
        { provide: TaskHandlerExplorer, useClass: MarkingExplorer },
        {
          provide: TaskQueueTester,
          useFactory: (settings: TaskQueueSettings) => TaskQueueTester.ofSettings(settings),
          inject: [TaskQueueSettings, TaskBroker],
        },
      ],
      exports: [...(definition.exports ?? []), TaskQueueTester],
    };
  }

  /**
   * For a test of a whole application, which imports `RedisTaskQueueModule` with its own options: these stay, and only Redis is replaced.
   * `TaskQueueTester.of(app)` is the tester.
   *
   * @example
   * const builder = Test.createTestingModule({ imports: [AppModule] });
   * const app = await RedisTaskQueueTestingModule.replaceRedis(builder).compile();
   * await app.init();
   *
   * @throws InvalidOptionsError
   */
  static replaceRedis<Builder extends ProviderOverrides>(
    builder: Builder,
    options: TaskQueueTestingOptions = {},
  ): Builder {
    const { useFactory: factory, inject } = memoryBroker(options);
    builder.overrideProvider(TaskBroker).useFactory({ factory, inject });
    builder.overrideProvider(TaskHandlerExplorer).useClass(MarkingExplorer);
    return builder;
  }
}

function memoryBroker(options: TaskQueueTestingOptions): MemoryBrokerProvider {
  const { inline, nowMs } = checkTestingOptions(options);
  return {
    provide: TaskBroker,
    useFactory: (moduleRef, settings) => {
      const runInline = (): void => TaskQueueTester.ofSettings(settings).runInline();
      const broker = new StagedBroker(new MovableClock(nowMs), inline ? runInline : undefined);
      TaskQueueTester.create(broker, settings, moduleRef);
      return broker;
    },
    inject: [ModuleRef, TaskQueueSettings],
  };
}

interface MemoryBrokerProvider extends FactoryProvider<StagedBroker> {
  useFactory: (moduleRef: ModuleRef, settings: TaskQueueSettings) => StagedBroker;
  inject: [typeof ModuleRef, typeof TaskQueueSettings];
}

function noRedis(): never {
  throw new Error('An application under test has no Redis');
}

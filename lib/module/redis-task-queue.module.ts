import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { RedisBroker } from '../broker/redis/redis.broker.js';
import { TaskBroker } from '../broker/task-broker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskConsumers } from '../consumer/task-consumers.service.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { TaskHandlerExplorer } from '../discovery/task-handler.explorer.js';
import { TaskHandlerInvoker } from '../discovery/task-handler.invoker.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { RedisTaskQueueOptions } from '../options/index.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { TaskScheduler } from '../schedule/task-scheduler.service.js';
import { TaskStatusService } from '../status/task-status.service.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
} from './redis-task-queue.module-definition.js';
import { RedisWatcher } from './redis-watcher.js';
import { scheduleProviders } from './schedule.providers.js';
import { TaskQueueLifecycle } from './task-queue.lifecycle.js';

/**
 * Background tasks on Redis. Import it once, in the root module: what it provides can be injected everywhere.
 *
 * @example
 * \@Module({ imports: [RedisTaskQueueModule.forRoot({ queues: { email: { concurrency: 50 } } })] })
 * export class AppModule {}
 */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: [
    TaskHandlerExplorer,
    TaskHandlerInvoker,
    TaskQueueLifecycle,
    {
      provide: TaskQueueSettings,
      useFactory: (options: RedisTaskQueueOptions) => new TaskQueueSettings(options),
      inject: [MODULE_OPTIONS_TOKEN],
    },
    {
      provide: TaskBroker,
      useFactory: (settings: TaskQueueSettings) => new RedisBroker(settings),
      inject: [TaskQueueSettings],
    },
    {
      provide: OutageLog,
      useFactory: () => new OutageLog(guardedLog(new Logger('RedisTaskQueueModule'))),
    },
    {
      provide: RedisWatcher,
      useFactory: (broker: TaskBroker, outages: OutageLog) => new RedisWatcher(broker, outages),
      inject: [TaskBroker, OutageLog],
    },
    {
      provide: TaskHandlerRegistry,
      useFactory: (explorer: TaskHandlerExplorer, settings: TaskQueueSettings) =>
        new TaskHandlerRegistry(() => explorer.explore(), settings),
      inject: [TaskHandlerExplorer, TaskQueueSettings],
    },
    {
      provide: TaskProducer,
      useFactory: (...dependencies: ConstructorParameters<typeof TaskProducer>) => new TaskProducer(...dependencies),
      inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry],
    },
    {
      provide: TaskStatusService,
      useFactory: (broker: TaskBroker, settings: TaskQueueSettings) => new TaskStatusService(broker, settings),
      inject: [TaskBroker, TaskQueueSettings],
    },
    {
      provide: TaskQueueAdmin,
      useFactory: (broker: TaskBroker, settings: TaskQueueSettings) => new TaskQueueAdmin(broker, settings),
      inject: [TaskBroker, TaskQueueSettings],
    },
    {
      provide: TaskWorker,
      useFactory: (
        broker: TaskBroker,
        settings: TaskQueueSettings,
        handlers: TaskHandlerRegistry,
        outages: OutageLog,
        keeper: ScheduleKeeper,
      ) =>
        new TaskWorker(broker, settings, handlers, outages, {
          beaten: (partition, { scheduleRevision }) => keeper.notice(partition, scheduleRevision),
          left: (partition) => keeper.forget(partition),
        }),
      inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry, OutageLog, ScheduleKeeper],
    },
    {
      provide: TaskConsumers,
      useFactory: (worker: TaskWorker) => new TaskConsumers(worker),
      inject: [TaskWorker],
    },
    ...scheduleProviders,
  ],
  exports: [TaskProducer, TaskStatusService, TaskQueueAdmin, TaskScheduler, TaskConsumers],
})
export class RedisTaskQueueModule extends ConfigurableModuleClass {
  /** @throws InvalidOptionsError when the application starts; it names every wrong option. */
  static override forRoot(options: RedisTaskQueueOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Options from a factory, or from a class with `createTaskQueueOptions`. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}

import { type DynamicModule, Global, Logger, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { RedisBroker } from '../broker/redis/redis.broker.js';
import type { Partition } from '../broker/partition.js';
import { type BeatReply, TaskBroker } from '../broker/task-broker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { ConnectionEvents } from '../events/connection-events.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { TaskEvents } from '../events/task-events.js';
import { RedisTaskQueueHealthIndicator } from '../health/redis-task-queue-health.indicator.js';
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
import { observingProviders } from './observing.providers.js';
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
      useFactory: (broker: TaskBroker, outages: OutageLog, events: TaskEventSource) =>
        new RedisWatcher(broker, outages, new ConnectionEvents(events)),
      inject: [TaskBroker, OutageLog, TaskEventSource],
    },
    {
      provide: TaskHandlerRegistry,
      useFactory: (explorer: TaskHandlerExplorer) => new TaskHandlerRegistry(() => explorer.explore()),
      inject: [TaskHandlerExplorer],
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
        events: TaskEventSource,
      ) => {
        const onBeat = (partition: Partition, { scheduleRevision }: BeatReply): void =>
          keeper.notice(partition, scheduleRevision);
        return new TaskWorker(broker, settings, handlers, outages, onBeat, events);
      },
      inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry, OutageLog, ScheduleKeeper, TaskEventSource],
    },
    ...scheduleProviders,
    ...observingProviders,
  ],
  exports: [TaskProducer, TaskStatusService, TaskQueueAdmin, TaskScheduler, TaskEvents, RedisTaskQueueHealthIndicator],
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

import { type FactoryProvider, Logger } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { TaskQueueAdmin } from '../admin/task-queue-admin.service.js';
import { RedisBroker } from '../broker/redis/redis.broker.js';
import { TaskBroker } from '../broker/task-broker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskConsumers } from '../consumer/task-consumers.service.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { ConnectionEvents } from '../events/connection-events.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { TaskHandlerExplorer } from '../discovery/task-handler.explorer.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { titleOf } from '../options/instance-name.js';
import type { RedisTaskQueueOptions } from '../options/index.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { PlainIntakes } from '../plain/plain-intakes.js';
import { TaskProducer } from '../producer/task-producer.service.js';
import { ScheduleDeclarer } from '../schedule/schedule-declarer.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { TaskStatusService } from '../status/task-status.service.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { INSTANCE, TELEMETRY } from './instance-tokens.js';
import { MODULE_OPTIONS_TOKEN } from './redis-task-queue.module-definition.js';
import { RedisWatcher } from './redis-watcher.js';
import { TaskQueueLifecycle } from './task-queue.lifecycle.js';

/** What every instance is made of, beside its schedules. */
export const taskQueueProviders: FactoryProvider[] = [
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
    useFactory: (instance: string) => new OutageLog(guardedLog(new Logger(titleOf('RedisTaskQueueModule', instance)))),
    inject: [INSTANCE],
  },
  {
    provide: RedisWatcher,
    useFactory: (broker: TaskBroker, outages: OutageLog, events: TaskEventSource, instance: string) => {
      const log = guardedLog(new Logger(titleOf('RedisTaskQueueModule', instance)));
      return new RedisWatcher(broker, outages, new ConnectionEvents(events), log);
    },
    inject: [TaskBroker, OutageLog, TaskEventSource, INSTANCE],
  },
  {
    provide: TaskHandlerRegistry,
    useFactory: (explorer: TaskHandlerExplorer, settings: TaskQueueSettings, instance: string) =>
      new TaskHandlerRegistry(() => explorer.explore(instance), settings),
    inject: [TaskHandlerExplorer, TaskQueueSettings, INSTANCE],
  },
  {
    provide: TaskProducer,
    useFactory: (...dependencies: ConstructorParameters<typeof TaskProducer>) => new TaskProducer(...dependencies),
    inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry, TELEMETRY],
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
    provide: PlainIntakes,
    useFactory: (
      { plain }: TaskBroker,
      settings: TaskQueueSettings,
      handlers: TaskHandlerRegistry,
      outages: OutageLog,
      instance: string,
    ) => {
      const log = guardedLog(new Logger(titleOf('RedisTaskQueueModule', instance)));
      return new PlainIntakes(plain, settings, handlers, outages, log);
    },
    inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry, OutageLog, INSTANCE],
  },
  {
    provide: TaskWorker,
    useFactory: (
      broker: TaskBroker,
      settings: TaskQueueSettings,
      handlers: TaskHandlerRegistry,
      outages: OutageLog,
      keeper: ScheduleKeeper,
      intakes: PlainIntakes,
      events: TaskEventSource,
      instance: string,
      telemetry?: Telemetry,
    ) =>
      new TaskWorker(
        broker,
        settings,
        handlers,
        outages,
        {
          begun: (partition) => intakes.begin(partition),
          beaten: (partition, { scheduleRevision }) => keeper.notice(partition, scheduleRevision),
          left: async (partition) => {
            keeper.forget(partition);
            await intakes.end(partition);
          },
        },
        events,
        guardedLog(new Logger(titleOf('TaskWorker', instance))),
        telemetry,
      ),
    inject: [
      TaskBroker,
      TaskQueueSettings,
      TaskHandlerRegistry,
      OutageLog,
      ScheduleKeeper,
      PlainIntakes,
      TaskEventSource,
      INSTANCE,
      TELEMETRY,
    ],
  },
  {
    provide: TaskConsumers,
    useFactory: (worker: TaskWorker) => new TaskConsumers(worker),
    inject: [TaskWorker],
  },
  {
    provide: TaskQueueLifecycle,
    useFactory: (...dependencies: ConstructorParameters<typeof TaskQueueLifecycle>) =>
      new TaskQueueLifecycle(...dependencies),
    inject: [
      INSTANCE,
      TaskQueueSettings,
      DiscoveryService,
      TaskHandlerExplorer,
      TaskBroker,
      TaskHandlerRegistry,
      TaskProducer,
      TaskStatusService,
      TaskWorker,
      PlainIntakes,
      RedisWatcher,
      OutageLog,
      ScheduleDeclarer,
      ScheduleKeeper,
      TaskEventSource,
    ],
  },
];

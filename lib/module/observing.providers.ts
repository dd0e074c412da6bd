import { type FactoryProvider, Logger } from '@nestjs/common';
import { TaskBroker } from '../broker/task-broker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { showForLog } from '../consumer/task-failure.js';
import { TaskWorker } from '../consumer/task-worker.js';
import { TaskEventSource } from '../events/task-event-source.js';
import { TaskEvents } from '../events/task-events.js';
import { RedisTaskQueueHealthIndicator } from '../health/redis-task-queue-health.indicator.js';
import { TaskQueueMonitor } from '../monitor/task-queue-monitor.service.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { titleOf } from '../options/instance-name.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { loadTelemetry } from '../telemetry/load-telemetry.js';
import { INSTANCE, TELEMETRY } from './instance-tokens.js';

/** What tells how this process's workers get on. */
export const observingProviders: FactoryProvider[] = [
  {
    provide: TELEMETRY,
    // What needs it is made once it is there, and tasks may be added from then on.
    useFactory: async ({ telemetry }: TaskQueueSettings) => (telemetry ? loadTelemetry() : undefined),
    inject: [TaskQueueSettings],
  },
  { provide: TaskEventSource, useFactory: () => new TaskEventSource() },
  {
    provide: TaskEvents,
    useFactory: (source: TaskEventSource, instance: string) => {
      const log = guardedLog(new Logger(titleOf('TaskEvents', instance)));
      return new TaskEvents(source, (error) => log.error(`A listener failed: ${showForLog(error)}`));
    },
    inject: [TaskEventSource, INSTANCE],
  },
  {
    provide: TaskQueueMonitor,
    useFactory: (...dependencies: ConstructorParameters<typeof TaskQueueMonitor>) =>
      new TaskQueueMonitor(...dependencies),
    inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry, TaskWorker],
  },
  {
    provide: RedisTaskQueueHealthIndicator,
    useFactory: (broker: TaskBroker, worker: TaskWorker) => new RedisTaskQueueHealthIndicator(broker, worker),
    inject: [TaskBroker, TaskWorker],
  },
];

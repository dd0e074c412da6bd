import { type FactoryProvider, Logger } from '@nestjs/common';
import { TaskBroker } from '../broker/task-broker.js';
import { guardedLog } from '../consumer/guarded-log.js';
import { OutageLog } from '../consumer/outage-log.js';
import { TaskScheduleExplorer } from '../discovery/task-schedule.explorer.js';
import { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { titleOf } from '../options/instance-name.js';
import { TaskQueueSettings } from '../options/task-queue-settings.js';
import { ScheduleDeclarer } from '../schedule/schedule-declarer.js';
import { ScheduleKeeper } from '../schedule/schedule-keeper.js';
import { ScheduleWriter } from '../schedule/schedule-writer.js';
import { TaskScheduler } from '../schedule/task-scheduler.service.js';
import { INSTANCE } from './instance-tokens.js';

/** What keeps the schedules. */
export const scheduleProviders: FactoryProvider[] = [
  {
    provide: ScheduleWriter,
    useFactory: ({ schedules }: TaskBroker, settings: TaskQueueSettings, handlers: TaskHandlerRegistry) =>
      new ScheduleWriter(schedules, settings, handlers),
    inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry],
  },
  {
    provide: ScheduleKeeper,
    useFactory: (
      { schedules }: TaskBroker,
      settings: TaskQueueSettings,
      outages: OutageLog,
      declarer: ScheduleDeclarer,
      instance: string,
    ) => {
      const log = guardedLog(new Logger(titleOf('TaskScheduler', instance)));
      return new ScheduleKeeper(schedules, settings, outages, log, (queue) => declarer.offOn(queue));
    },
    inject: [TaskBroker, TaskQueueSettings, OutageLog, ScheduleDeclarer, INSTANCE],
  },
  {
    provide: ScheduleDeclarer,
    useFactory: (
      explorer: TaskScheduleExplorer,
      settings: TaskQueueSettings,
      { schedules }: TaskBroker,
      writer: ScheduleWriter,
      outages: OutageLog,
      instance: string,
    ) => {
      const log = guardedLog(new Logger(titleOf('TaskScheduler', instance)));
      return new ScheduleDeclarer(() => explorer.explore(instance), settings, schedules, writer, outages, log);
    },
    inject: [TaskScheduleExplorer, TaskQueueSettings, TaskBroker, ScheduleWriter, OutageLog, INSTANCE],
  },
  {
    provide: TaskScheduler,
    useFactory: (
      { schedules }: TaskBroker,
      settings: TaskQueueSettings,
      handlers: TaskHandlerRegistry,
      writer: ScheduleWriter,
    ) => new TaskScheduler(schedules, settings, handlers, writer),
    inject: [TaskBroker, TaskQueueSettings, TaskHandlerRegistry, ScheduleWriter],
  },
];

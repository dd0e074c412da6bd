import 'reflect-metadata';
import { UnsupportedHandlerError } from '../errors/index.js';
import type { Duration } from '../options/duration.js';
import { type CheckedTicks, checkTicks } from '../schedule/checked-schedule.js';
import { checkScheduleName, type TickOptions } from '../schedule/schedule-options.js';

/** Of a schedule that stands beside its handler. */
export interface TaskScheduleOptions extends TickOptions {
  /** What the schedule is called in its queue, text of 1 to 200 bytes. @default the name of the task */
  name?: string | undefined;
  /** Which of the handlers of this method is meant. Needed only if it has several. */
  task?: string | undefined;
  /** Likewise. */
  queue?: string | undefined;
  /** Likewise: that of the handler. */
  instance?: string | undefined;
}

/** What the decorator leaves on a method. */
export interface TaskScheduleMetadata {
  name: string | undefined;
  task: string | undefined;
  queue: string | undefined;
  instance: string | undefined;
  ticks: CheckedTicks;
}

const TASK_SCHEDULE = 'nestjs-redis-task-queue:schedule';

/**
 * Adds a task for a handler at each tick: stands on the same method as `@TaskHandler`, once or several times. There is
 * exactly one task per tick, however many processes run this code and however often they start.
 *
 * @param timing a cron expression, or `{ every: '15m' }`
 * @throws TaskQueueError when the class is defined: `INVALID_SCHEDULE`, `INVALID_OPTIONS`, `UNSUPPORTED_HANDLER`
 *
 * @example
 * \@TaskHandler('report.build')
 * \@TaskSchedule('0 8 * * 1-5', { timezone: 'Europe/Berlin' })
 * async build(data: null, task: TaskContext) { … }
 */
export function TaskSchedule(timing: string | { every: Duration }, options: TaskScheduleOptions = {}): MethodDecorator {
  const { name, task, queue, instance, ...tickOptions } = Object(options) as TaskScheduleOptions;
  if (name !== undefined) checkScheduleName(name);
  const given = typeof timing === 'string' ? { ...tickOptions, cron: timing } : { ...tickOptions, ...timing };
  return (target, key, descriptor: PropertyDescriptor | undefined) => {
    const method: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof method !== 'function') {
      throw new UnsupportedHandlerError(String(key), 'a schedule stands on a method of instances that is a handler');
    }
    const ticks = checkTicks(name ?? `${target.constructor.name}.${String(key)}`, given, []);
    const metadata: TaskScheduleMetadata = { name, task, queue, instance, ticks };
    Reflect.defineMetadata(TASK_SCHEDULE, [metadata, ...taskScheduleMetadata(method)], method);
  };
}

/** What the decorators of a method say; empty for a method without one. */
export function taskScheduleMetadata(method: object): readonly TaskScheduleMetadata[] {
  return (Reflect.getMetadata(TASK_SCHEDULE, method) as TaskScheduleMetadata[] | undefined) ?? [];
}

import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type TaskHandlerMetadata, taskHandlerMetadata } from '../decorators/task-handler.decorator.js';
import { type TaskScheduleMetadata, taskScheduleMetadata } from '../decorators/task-schedule.decorator.js';
import { InvalidScheduleError } from '../errors/index.js';
import { DEFAULT_QUEUE } from '../handler/task-handler.registry.js';
import type { FoundSchedule } from '../schedule/declared-schedule.js';
import { prototypeOf } from './task-handler.explorer.js';

/** Finds the schedules that stand on methods of providers and controllers. Returns what it finds and registers nothing. */
@Injectable()
export class TaskScheduleExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws InvalidScheduleError where it is not clear which handler is meant */
  explore(): FoundSchedule[] {
    // A class in two modules has two instances, and one schedule.
    const seen = new Set<unknown>();
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return wrappers.flatMap((wrapper) => {
      const prototype = prototypeOf(wrapper);
      if (!prototype || wrapper.isAlias || seen.has(prototype)) return [];
      seen.add(prototype);
      return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
        const method = prototype[key] as object;
        const origin = `${wrapper.name}.${key} (${wrapper.host?.name ?? 'unknown module'})`;
        const handlers = taskHandlerMetadata(method);
        return taskScheduleMetadata(method).map((schedule) => declared(schedule, handlers, origin));
      });
    });
  }
}

function declared(
  { name, task, queue, ticks }: TaskScheduleMetadata,
  handlers: readonly TaskHandlerMetadata[],
  origin: string,
): FoundSchedule {
  const queueOf = (handler: TaskHandlerMetadata): string => handler.queue ?? DEFAULT_QUEUE;
  const meant = handlers.filter(
    (handler) => (task === undefined || handler.name === task) && (queue === undefined || queueOf(handler) === queue),
  );
  const [handler] = meant;
  if (!handler || meant.length > 1) throw unclear(name ?? origin, { task, queue }, handlers, origin);
  return { ...ticks, name: name ?? handler.name, task: handler.name, queue: queueOf(handler), origin };
}

function unclear(
  title: string,
  given: Pick<TaskScheduleMetadata, 'task' | 'queue'>,
  handlers: readonly TaskHandlerMetadata[],
  origin: string,
): InvalidScheduleError {
  const known = handlers.map(({ name, queue = DEFAULT_QUEUE }) => `"${name}" on queue "${queue}"`);
  const allowed =
    known.length === 0
      ? `a method that is a handler: ${origin} has no @TaskHandler`
      : `one of the handlers of ${origin}, by task and queue: ${known.join(', ')}`;
  return new InvalidScheduleError(title, [{ option: 'task', given, allowed }]);
}

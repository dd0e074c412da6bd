import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type TaskHandlerMetadata, taskHandlerMetadata } from '../decorators/task-handler.decorator.js';
import { type TaskScheduleMetadata, taskScheduleMetadata } from '../decorators/task-schedule.decorator.js';
import { InvalidScheduleError } from '../errors/index.js';
import { DEFAULT_QUEUE } from '../handler/task-handler.registry.js';
import { DEFAULT_INSTANCE } from '../options/instance-name.js';
import type { FoundSchedule } from '../schedule/declared-schedule.js';
import { originOf, prototypeOf } from './task-handler.explorer.js';

/** Finds the schedules that stand on methods of providers and controllers. Returns what it finds and registers nothing. */
@Injectable()
export class TaskScheduleExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** Those of one instance of the module. @throws InvalidScheduleError where it is not clear which handler is meant */
  explore(instance = DEFAULT_INSTANCE): FoundSchedule[] {
    // A class in two modules has two instances, and one schedule.
    const seen = new Set<unknown>();
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    return wrappers.flatMap((wrapper) => {
      const prototype = prototypeOf(wrapper);
      if (!prototype || wrapper.isAlias || seen.has(prototype)) return [];
      seen.add(prototype);
      return this.scanner.getAllMethodNames(prototype).flatMap((key) => {
        const method = prototype[key] as object;
        const origin = originOf(wrapper, key);
        const handlers = taskHandlerMetadata(method);
        return taskScheduleMetadata(method).flatMap((schedule) => {
          const handler = handlerOf(schedule, handlers, origin);
          return handler.instance === instance ? [declared(schedule, handler, origin)] : [];
        });
      });
    });
  }
}

function declared({ name, ticks }: TaskScheduleMetadata, handler: TaskHandlerMetadata, origin: string): FoundSchedule {
  return {
    ...ticks,
    name: name ?? handler.name,
    task: handler.name,
    definition: handler,
    queue: queueOf(handler),
    origin,
  };
}

function queueOf({ queue = DEFAULT_QUEUE }: TaskHandlerMetadata): string {
  return queue;
}

/** The one that a schedule is for. */
function handlerOf(
  { name, task, queue, instance }: TaskScheduleMetadata,
  handlers: readonly TaskHandlerMetadata[],
  origin: string,
): TaskHandlerMetadata {
  const meant = handlers.filter(
    (handler) =>
      (task === undefined || handler.name === task) &&
      (queue === undefined || queueOf(handler) === queue) &&
      (instance === undefined || handler.instance === instance),
  );
  const [handler] = meant;
  if (!handler || meant.length > 1) throw unclear(name ?? origin, { task, queue, instance }, handlers, origin);
  return handler;
}

function unclear(
  title: string,
  given: Pick<TaskScheduleMetadata, 'task' | 'queue' | 'instance'>,
  handlers: readonly TaskHandlerMetadata[],
  origin: string,
): InvalidScheduleError {
  const known = handlers.map((handler) => {
    const ofInstance = handler.instance === DEFAULT_INSTANCE ? '' : ` of instance "${handler.instance}"`;
    return `"${handler.name}" on queue "${queueOf(handler)}"${ofInstance}`;
  });
  const allowed =
    known.length === 0
      ? `a method that is a handler: ${origin} has no @TaskHandler`
      : `one of the handlers of ${origin}, by task and queue: ${known.join(', ')}`;
  return new InvalidScheduleError(title, [{ option: 'task', given, allowed }]);
}

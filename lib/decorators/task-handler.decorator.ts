import 'reflect-metadata';
import { checkQueueName, checkTaskName } from '../broker/names.js';
import { InvalidOptionsError, UnsupportedHandlerError } from '../errors/index.js';
import type { Rate } from '../broker/claim-limits.js';
import { checkRate, type RateOptions } from '../options/rate.js';
import { checkTaskOptions, type PartialTaskSettings, type TaskOptions } from '../options/task-options.js';

/** Beside the name of the task. */
export interface TaskHandlerOptions extends TaskOptions {
  /** The queue that the handler works on. @default 'default' */
  queue?: string | undefined;
  /** How many tasks of this name all processes together start. @default no limit */
  rate?: RateOptions | undefined;
}

/** What the decorator leaves on a method. */
export interface TaskHandlerMetadata {
  name: string;
  queue: string | undefined;
  rate: Rate | undefined;
  settings: PartialTaskSettings;
}

const TASK_HANDLER = 'nestjs-redis-task-queue:handler';

/**
 * Makes a method of a provider or controller the handler of a task name. It is called with the task's data and a
 * `TaskContext`, or as `@TaskData` and `@TaskCtx` on its parameters say; what it returns becomes the result, and what it throws
 * makes the task fail. May stand on several methods of a class, and several times on one method. Guards, interceptors, pipes
 * and filters apply to it as to a route.
 *
 * @throws TaskQueueError when the class is defined: `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_OPTIONS`, `UNSUPPORTED_HANDLER`
 *
 * @example
 * \@TaskHandler('email.send', { queue: 'email' })
 * async send(data: SendEmail, task: TaskContext) { … }
 */
export function TaskHandler(name: string, options: TaskHandlerOptions = {}): MethodDecorator {
  checkTaskName(name);
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError([{ option: 'options', given: options, allowed: 'an object' }]);
  }
  const { queue, rate: given, ...taskOptions } = options;
  if (queue !== undefined) checkQueueName(queue);
  const rate = checkRate(given);
  const settings = checkTaskOptions(taskOptions);
  return (target, key, descriptor: PropertyDescriptor | undefined) => {
    const method: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof method !== 'function') {
      throw new UnsupportedHandlerError(String(key), 'a handler is a method of instances, not static and no accessor');
    }
    Reflect.defineMetadata(TASK_HANDLER, [{ name, queue, rate, settings }, ...taskHandlerMetadata(method)], method);
  };
}

/** What the decorators of a method say; empty for a method without one. */
export function taskHandlerMetadata(method: object): readonly TaskHandlerMetadata[] {
  return (Reflect.getMetadata(TASK_HANDLER, method) as TaskHandlerMetadata[] | undefined) ?? [];
}

import 'reflect-metadata';
import type { Observable } from 'rxjs';
import { checkQueueName, checkTaskName } from '../broker/names.js';
import { InvalidOptionsError, UnsupportedHandlerError } from '../errors/index.js';
import { type BatchOptions, type BatchSettings, checkBatchOptions } from '../options/batch-options.js';
import { checkInstanceName, DEFAULT_INSTANCE } from '../options/instance-name.js';
import type { Rate } from '../broker/claim-limits.js';
import { checkRate, type RateOptions } from '../options/rate.js';
import { checkTaskOptions, type PartialTaskSettings, type TaskOptions } from '../options/task-options.js';

/** Beside the name of the task. */
export interface TaskHandlerOptions extends TaskOptions {
  /** The queue that the handler works on. @default 'default' */
  queue?: string | undefined;
  /** To which instance of the module the handler belongs: the `name` of its `forRoot`. @default 'default', the one without a name */
  instance?: string | undefined;
  /**
   * The method gets the tasks in batches: arrays of data and of contexts, in the order of the queue. A batch takes one slot of the
   * queue's `concurrency`. @default one task at a time
   */
  batch?: BatchOptions | undefined;
  /** How many tasks of this name all processes together start. @default no limit */
  rate?: RateOptions | undefined;
}

/** Nothing, or for each task of the batch its result, or the error that failed it. */
type BatchResult = void | readonly unknown[];

/** What can handle batches: each parameter takes an array. */
type BatchHandlerMethod = (...args: never[][]) => BatchResult | PromiseLike<BatchResult> | Observable<BatchResult>;

/** Does not compile on a method that takes one task, or returns something else. */
export type BatchHandlerDecorator = <T extends BatchHandlerMethod>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/** What the decorator leaves on a method. */
export interface TaskHandlerMetadata {
  name: string;
  queue: string | undefined;
  instance: string;
  rate: Rate | undefined;
  settings: PartialTaskSettings;
  batch: BatchSettings | undefined;
}

const TASK_HANDLER = 'nestjs-redis-task-queue:handler';

/**
 * Makes a method of a provider or controller the handler of a task name. It is called with the task's data and a
 * `TaskContext`, or as `@TaskData` and `@TaskCtx` on its parameters say; what it returns becomes the result, and what it throws
 * makes the task fail. May stand on several methods of a class, and several times on one method. Guards, interceptors, pipes
 * and filters apply to it as to a route.
 *
 * With `batch` it is called with `(data[], contexts[])`. Where it returns nothing all tasks are completed; where it throws all of
 * them fail, each by its own `attempts`. Where it returns an array there must be a result for each task: an `Error` in it, or a
 * promise that rejects, fails that task alone. Anything else that it returns fails all of them: `INVALID_BATCH_RESULT`.
 *
 * @throws TaskQueueError when the class is defined: `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_OPTIONS`, `UNSUPPORTED_HANDLER`
 *
 * @example
 * \@TaskHandler('email.send', { queue: 'email' })
 * async send(data: SendEmail, task: TaskContext) { … }
 *
 * @example
 * \@TaskHandler('event.store', { batch: { size: 100, maxWait: '1s' } })
 * async store(events: Event[], tasks: TaskContext[]) { await this.db.insert(events); }
 */
export function TaskHandler(name: string, options: TaskHandlerOptions & { batch: BatchOptions }): BatchHandlerDecorator;
export function TaskHandler(name: string, options?: TaskHandlerOptions): MethodDecorator;
export function TaskHandler(name: string, options: TaskHandlerOptions = {}): MethodDecorator {
  checkTaskName(name);
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError([{ option: 'options', given: options, allowed: 'an object' }]);
  }
  const { queue, instance = DEFAULT_INSTANCE, rate: given, batch: batchOptions, ...taskOptions } = options;
  if (queue !== undefined) checkQueueName(queue);
  checkInstanceName(instance);
  const rate = checkRate(given);
  const settings = checkTaskOptions(taskOptions);
  const batch = batchOptions === undefined ? undefined : checkBatchOptions(batchOptions);
  return (target, key, descriptor: PropertyDescriptor | undefined) => {
    const method: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof method !== 'function') {
      throw new UnsupportedHandlerError(String(key), 'a handler is a method of instances, not static and no accessor');
    }
    const metadata: TaskHandlerMetadata = { name, queue, instance, rate, settings, batch };
    Reflect.defineMetadata(TASK_HANDLER, [metadata, ...taskHandlerMetadata(method)], method);
  };
}

/** What the decorators of a method say; empty for a method without one. */
export function taskHandlerMetadata(method: object): readonly TaskHandlerMetadata[] {
  return (Reflect.getMetadata(TASK_HANDLER, method) as TaskHandlerMetadata[] | undefined) ?? [];
}

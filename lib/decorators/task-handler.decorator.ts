import 'reflect-metadata';
import { checkQueueName, checkTaskName } from '../broker/names.js';
import type { StandardSchema } from '../definition/standard-schema.js';
import { TaskDefinition } from '../definition/task-definition.js';
import type { TaskRef } from '../definition/task-ref.js';
import { InvalidOptionsError, UnsupportedHandlerError } from '../errors/index.js';
import { type BatchOptions, type BatchSettings, checkBatchOptions } from '../options/batch-options.js';
import { checkInstanceName, DEFAULT_INSTANCE } from '../options/instance-name.js';
import type { Rate } from '../broker/claim-limits.js';
import { checkRate, type RateOptions } from '../options/rate.js';
import {
  checkTaskOptions,
  mergedSettings,
  type PartialTaskSettings,
  type TaskOptions,
} from '../options/task-options.js';
import type { BatchDecoratorOf, DecoratorOf } from './handler-decorators.js';

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

/** Beside the definition of the task, whose options come after these. */
export type DefinedHandlerOptions = Omit<TaskHandlerOptions, (typeof OF_DEFINITION)[number]>;

type OptionsOf<Task> = Task extends TaskDefinition ? DefinedHandlerOptions : TaskHandlerOptions;

/** What the decorator leaves on a method. */
export interface TaskHandlerMetadata {
  name: string;
  queue: string | undefined;
  instance: string;
  rate: Rate | undefined;
  settings: PartialTaskSettings;
  batch: BatchSettings | undefined;
  schema: StandardSchema | undefined;
}

/** What whoever adds a task has to know, and does not know from here. */
const OF_DEFINITION = ['priority', 'expiresIn'] as const;

const TASK_HANDLER = 'nestjs-redis-task-queue:handler';

/**
 * Makes a method of a provider or controller the handler of a task, by its name or definition. It is called with the task's data and a
 * `TaskContext`, or as `@TaskData` and `@TaskCtx` on its parameters say; what it returns becomes the result, and what it throws
 * makes the task fail. May stand on several methods of a class, and several times on one method. Guards, interceptors, pipes
 * and filters apply to it as to a route.
 *
 * With `batch` it is called with `(data[], contexts[])`. Where it returns nothing all tasks are completed; where it throws all of
 * them fail, each by its own `attempts`. Where it returns an array there must be a result for each task: an `Error` in it, or a
 * promise that rejects, fails that task alone. Anything else that it returns fails all of them: `INVALID_BATCH_RESULT`.
 *
 * With a definition, or a name that `TaskTypes` knows, it does not compile on a method that is not called with `(data, context)` of these
 * types in this order, or returns something else than a result, a promise of one or an Observable of them. Options given here come before
 * those of the definition.
 *
 * @throws TaskQueueError when the class is defined: `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_OPTIONS`, `UNSUPPORTED_HANDLER`
 *
 * @example
 * \@TaskHandler('email.send', { queue: 'email' })
 * async send(data: SendEmail, task: TaskContext) { … }
 *
 * @example
 * \@TaskHandler(SendEmail, { timeout: '1m' })
 * async send(data: SendEmailData, task: TaskContext): Promise<Receipt> { … }
 *
 * @example
 * \@TaskHandler('event.store', { batch: { size: 100, maxWait: '1s' } })
 * async store(events: Event[], tasks: TaskContext[]) { await this.db.insert(events); }
 */
export function TaskHandler<Task extends TaskRef>(
  task: Task,
  options: OptionsOf<Task> & { batch: BatchOptions },
): BatchDecoratorOf<Task>;
export function TaskHandler<Task extends TaskRef>(task: Task, options?: OptionsOf<Task>): DecoratorOf<Task>;
export function TaskHandler(task: TaskRef, options: TaskHandlerOptions = {}): MethodDecorator {
  const definition = task instanceof TaskDefinition ? task : undefined;
  const name = definition ? definition.name : (task as string);
  checkTaskName(name);
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError([{ option: 'options', given: options, allowed: 'an object' }]);
  }
  if (definition) refuseOptionsOfDefinition(options);
  const {
    queue = definition?.queue,
    instance = DEFAULT_INSTANCE,
    rate: ownRate,
    batch: ownBatch,
    ...taskOptions
  } = options;
  if (queue !== undefined) checkQueueName(queue);
  checkInstanceName(instance);
  const rate = checkRate(ownRate) ?? definition?.rate;
  const settings = mergedSettings(checkTaskOptions(taskOptions), definition?.settings);
  const batch = ownBatch === undefined ? undefined : checkBatchOptions(ownBatch);
  return (target, key, descriptor: PropertyDescriptor | undefined) => {
    const method: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof method !== 'function') {
      throw new UnsupportedHandlerError(String(key), 'a handler is a method of instances, not static and no accessor');
    }
    const metadata: TaskHandlerMetadata = { name, queue, instance, rate, settings, batch, schema: definition?.schema };
    Reflect.defineMetadata(TASK_HANDLER, [metadata, ...taskHandlerMetadata(method)], method);
  };
}

function refuseOptionsOfDefinition(options: TaskHandlerOptions): void {
  const problems = OF_DEFINITION.filter((option) => options[option] !== undefined).map((option) => ({
    option,
    given: options[option],
    allowed: 'in defineTask: whoever adds the task has to know of it',
  }));
  if (problems.length > 0) throw new InvalidOptionsError(problems);
}

/** What the decorators of a method say; empty for a method without one. */
export function taskHandlerMetadata(method: object): readonly TaskHandlerMetadata[] {
  return (Reflect.getMetadata(TASK_HANDLER, method) as TaskHandlerMetadata[] | undefined) ?? [];
}

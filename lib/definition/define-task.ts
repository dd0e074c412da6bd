import { checkQueueName, checkTaskName } from '../broker/names.js';
import { InvalidOptionsError } from '../errors/index.js';
import { checkRate, type RateOptions } from '../options/rate.js';
import { checkTaskOptions, type TaskOptions } from '../options/task-options.js';
import { TaskDefinition } from './task-definition.js';
import { checkSchema, type SchemaInput, type SchemaOutput, type TaskSchema } from './task-schema.js';

/** What holds for a task wherever it is added and handled. `TaskHandlerOptions` of its handler come first, if there are any. */
export interface TaskDefinitionOptions extends TaskOptions {
  /** Where the task is added and handled. @default the queue of its handler in the process that adds it, else `default` */
  queue?: string | undefined;
  /** How many tasks of this name all processes together start. @default no limit */
  rate?: RateOptions | undefined;
}

/**
 * Describes a task once, for those who add it and those who handle it: `producer.add(SendEmail, data)` and
 * `@TaskHandler(SendEmail)` do not compile with other data, or another result.
 *
 * With a `schema`, of zod, valibot, arktype or whatever else follows Standard Schema v1, or a class with decorators of class-validator,
 * data are validated by `add`, before anything is written, and before the handler, which gets what the schema makes of them. It is
 * always asked about data as they come out of JSON.
 *
 * @throws TaskQueueError `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_OPTIONS`
 *
 * @example
 * export const SendEmail = defineTask<SendEmailData, Receipt>('email.send', { queue: 'email', attempts: 5 });
 *
 * @example
 * const schema = z.object({ to: z.email() });
 * export const SendEmail = defineTask<typeof schema, Receipt>('email.send', { schema });
 */
export function defineTask<Schema extends TaskSchema, Result = unknown>(
  name: string,
  options: TaskDefinitionOptions & { schema: Schema },
): TaskDefinition<SchemaInput<Schema>, Result, SchemaOutput<Schema>>;
export function defineTask<Data = unknown, Result = unknown>(
  name: string,
  options?: TaskDefinitionOptions & { schema?: undefined },
): TaskDefinition<Data, Result>;
export function defineTask(
  name: string,
  options: TaskDefinitionOptions & { schema?: TaskSchema | undefined } = {},
): TaskDefinition {
  checkTaskName(name);
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError([{ option: 'options', given: options, allowed: 'an object' }]);
  }
  const { queue, rate, schema, ...taskOptions } = options;
  refuseBatch(taskOptions);
  if (queue !== undefined) checkQueueName(queue);
  const checkedRate = checkRate(rate);
  const settings = checkTaskOptions(taskOptions);
  return new TaskDefinition(name, queue, schema === undefined ? undefined : checkSchema(schema), settings, checkedRate);
}

function refuseBatch(given: object): void {
  if (!('batch' in given)) return;
  const allowed = 'in @TaskHandler: it says what a method takes, and nothing of the task';
  throw new InvalidOptionsError([{ option: 'batch', given: given.batch, allowed }]);
}

import type { BatchSettings } from '../options/batch-options.js';
import type { Rate } from '../broker/claim-limits.js';
import type { PartialTaskSettings } from '../options/task-options.js';
import type { HandlerContext } from './handler-context.js';

/** A discovered handler, ready to be called. */
export interface TaskHandlerEntry {
  /** The task name that selects it. */
  name: string;
  queue: string;
  /** Where it stands in the code, for messages: `EmailTasks.send`. */
  origin: string;
  /** What its decorator says of how its tasks are worked on. */
  settings: PartialTaskSettings;
  /** Where it gets the tasks in batches. */
  batch?: BatchSettings | undefined;
  /** How many tasks of its name may start. */
  rate?: Rate | undefined;
  invoke(data: unknown, context: HandlerContext): unknown;
}

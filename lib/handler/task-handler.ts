import type { TaskContext } from './task-context.js';

/** A discovered handler, ready to be called. */
export interface TaskHandlerEntry {
  /** The task name that selects it. */
  name: string;
  queue: string;
  /** Where it stands in the code, for messages: `EmailTasks.send`. */
  origin: string;
  invoke(data: unknown, context: TaskContext): unknown;
}

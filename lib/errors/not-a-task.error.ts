import { TaskQueueError } from './task-queue.error.js';

/** `getTaskContext` was asked for the task of something that is none: a request, a message, or a batch of several. */
export class NotATaskError extends TaskQueueError {
  readonly code = 'NOT_A_TASK';

  /** @param why and what to ask instead */
  constructor(why: string) {
    super(`This is no task: ${why}`);
  }
}

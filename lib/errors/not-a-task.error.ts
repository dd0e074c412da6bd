import { TaskQueueError } from './task-queue.error.js';

/** `getTaskContext` was asked for the task of something that is none: a request, a message. */
export class NotATaskError extends TaskQueueError {
  readonly code = 'NOT_A_TASK';

  constructor(contextType: string) {
    super(`This is no task: its context type is "${contextType}". Ask isTaskContext(host) first.`);
  }
}

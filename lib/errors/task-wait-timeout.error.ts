import { TaskQueueError } from './task-queue.error.js';

/** A task has not ended in the time that `wait` was given. It goes on all the same. */
export class TaskWaitTimeoutError extends TaskQueueError {
  readonly code = 'TASK_WAIT_TIMEOUT';

  constructor(id: string, timeoutMs: number, state: string | undefined) {
    super(`${id} has not ended within ${timeoutMs} ms: it is ${state ?? 'not known yet'}.`);
  }
}

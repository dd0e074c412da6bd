import { TaskQueueError } from './task-queue.error.js';

/** An attempt took longer than its `timeout`. The reason of the signal, and the error of the attempt. */
export class TaskTimeoutError extends TaskQueueError {
  readonly code = 'TASK_TIMEOUT';

  constructor(timeoutMs: number) {
    super(`The attempt took longer than its timeout of ${timeoutMs} ms`);
  }
}

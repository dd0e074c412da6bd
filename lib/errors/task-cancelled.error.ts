import { TaskQueueError } from './task-queue.error.js';

/** The task that `wait` waited for was cancelled. */
export class TaskCancelledError extends TaskQueueError {
  readonly code = 'TASK_CANCELLED';

  constructor(
    readonly id: string,
    /** `expired`, or what `TaskQueueAdmin.cancel` was given. */
    readonly reason: string | null,
  ) {
    super(`${id} was cancelled: ${reason ?? 'no reason is known'}.`);
  }
}

import { TaskQueueError } from './task-queue.error.js';

/** There is no status of this id: nobody added it, or its status has expired, or its queue keeps none. */
export class TaskNotFoundError extends TaskQueueError {
  readonly code = 'TASK_NOT_FOUND';

  constructor(id: string) {
    super(`There is no status of ${id}: it was never added, or its status has expired, or is not kept.`);
  }
}

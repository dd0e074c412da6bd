import { TaskQueueError } from './task-queue.error.js';

/** As many tasks wait in the queue as its `maxLength` allows: this one was not added. */
export class QueueFullError extends TaskQueueError {
  readonly code = 'QUEUE_FULL';

  constructor(queue: string, maxLength: number) {
    super(`Queue "${queue}" is full: maxLength allows ${maxLength} waiting tasks.`);
  }
}

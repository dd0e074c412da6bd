import { TaskQueueError } from './task-queue.error.js';

/** Who watched a task learns nothing more of it: the application shuts down. */
export class WatchClosedError extends TaskQueueError {
  readonly code = 'WATCH_CLOSED';

  constructor() {
    super('The application shuts down, and nothing more is told of tasks.');
  }
}

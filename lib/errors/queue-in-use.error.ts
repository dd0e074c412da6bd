import { TaskQueueError } from './task-queue.error.js';

/** A queue was to be obliterated that workers are at, or of which they hold tasks. */
export class QueueInUseError extends TaskQueueError {
  readonly code = 'QUEUE_IN_USE';

  constructor(queue: string, workers: number, held: number) {
    super(
      `Queue "${queue}" is in use: ${workers} workers, ${held} tasks in their hands. Stop them, or give \`force: true\`: then what ` +
        'runs is lost.',
    );
  }
}

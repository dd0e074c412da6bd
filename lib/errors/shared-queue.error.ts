import { TaskQueueError } from './task-queue.error.js';

/** Two instances of one application work on the same queue in the same place. Thrown at start. */
export class SharedQueueError extends TaskQueueError {
  readonly code = 'SHARED_QUEUE';

  constructor(queue: string, first: string, second: string) {
    super(
      `The instances "${first}" and "${second}" both work on queue "${queue}" with the same redis and prefix, and each would claim ` +
        'tasks whose handler belongs to the other. Give one of them another redis or prefix, or its handlers another queue.',
    );
  }
}

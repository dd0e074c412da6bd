import { TaskQueueError } from './task-queue.error.js';

/** `add`, or a plain list of the options, named no queue, and this process has handlers of that name on several. */
export class AmbiguousQueueError extends TaskQueueError {
  readonly code = 'AMBIGUOUS_QUEUE';

  constructor(taskName: string, queues: readonly string[]) {
    super(
      `Task "${taskName}" has handlers on the queues ${queues.join(', ')}; pass { queue } to say which one is meant.`,
    );
  }
}

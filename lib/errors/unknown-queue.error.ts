import { TaskQueueError } from './task-queue.error.js';

/** `TaskConsumers` was asked for a queue that this process does not work on: it has no handler for it, or `consume` leaves it out. */
export class UnknownQueueError extends TaskQueueError {
  readonly code = 'UNKNOWN_QUEUE';

  constructor(queue: string, known: readonly string[]) {
    const worksOn = known.length > 0 ? `It works on ${known.join(', ')}.` : 'It works on none.';
    super(`This process has no consumer for queue "${queue}": no handler, or \`consume\` leaves it out. ${worksOn}`);
  }
}

import { TaskQueueError } from './task-queue.error.js';

/** Two `forFeature` say different things of one queue or task name. Thrown at start. */
export class ConflictingOptionsError extends TaskQueueError {
  readonly code = 'CONFLICTING_OPTIONS';

  /** @param what `queue "email"` */
  constructor(what: string, first: string, second: string) {
    super(`Different options for ${what} stand in ${first} and in ${second}: leave them to one of the two.`);
  }
}

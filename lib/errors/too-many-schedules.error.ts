import { TaskQueueError } from './task-queue.error.js';

/** The queue has as many schedules as one can have: this one was not entered. */
export class TooManySchedulesError extends TaskQueueError {
  readonly code = 'TOO_MANY_SCHEDULES';

  constructor(schedule: string, queue: string) {
    super(
      `Schedule "${schedule}" was not entered: queue "${queue}" has 10,000 already. Remove some, or use another queue.`,
    );
  }
}

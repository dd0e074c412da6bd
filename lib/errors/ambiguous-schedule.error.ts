import { TaskQueueError } from './task-queue.error.js';

/** A call named no queue, and schedules of that name stand on several. */
export class AmbiguousScheduleError extends TaskQueueError {
  readonly code = 'AMBIGUOUS_SCHEDULE';

  constructor(schedule: string, queues: readonly string[]) {
    super(
      `Schedule "${schedule}" stands on the queues ${queues.join(', ')}; pass { queue } to say which one is meant.`,
    );
  }
}

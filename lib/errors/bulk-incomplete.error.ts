import { TaskQueueError } from './task-queue.error.js';

/**
 * A part of an `addBulk` could not be sent, or found its queue full. `answers` has one place per row: its answer where Redis
 * confirmed the row, `null` where it did not. Sending those rows again is safe if they carry an `id` of their own.
 */
export class BulkIncompleteError<Answer> extends TaskQueueError {
  readonly code = 'BULK_INCOMPLETE';

  constructor(
    readonly answers: readonly (Answer | null)[],
    /** The rows that were surely not added, because their queues were full; all others without an answer are unknown. */
    readonly full: readonly number[],
    cause: unknown,
  ) {
    const confirmed = answers.filter((answer) => answer !== null).length;
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    super(`${confirmed} of ${answers.length} rows were confirmed${reason}`, { cause });
  }
}

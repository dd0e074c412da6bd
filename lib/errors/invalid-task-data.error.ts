import { TaskQueueError } from './task-queue.error.js';

/** What a schema found. */
export interface TaskDataIssue {
  /** Where, as `lines.0.amount`; empty for the data as a whole. */
  path: string;
  message: string;
}

const MAX_SHOWN = 10;

/**
 * The schema of a task does not accept its data. Thrown by `add` and `TaskScheduler.upsert` before anything is written, and at start
 * for what `@TaskSchedule` says. Where a worker finds it, since whoever
 * added the task had no such schema, the task is a dead letter: `TaskRejectedError`, with this as its `cause`.
 */
export class InvalidTaskDataError extends TaskQueueError {
  readonly code = 'INVALID_TASK_DATA';

  constructor(
    readonly task: string,
    readonly issues: readonly TaskDataIssue[],
    /** Which row of a bulk it is, counted from 0. */
    readonly row?: number,
    /** Of which schedule it is. */
    readonly schedule?: string,
  ) {
    const shown = issues
      .slice(0, MAX_SHOWN)
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    if (issues.length > MAX_SHOWN) shown.push(`and ${issues.length - MAX_SHOWN} more`);
    super(`${titleOf(task, row, schedule)}: ${shown.join('; ')}`);
  }

  /**
   * The message for a log: what a schema says may contain the data, and a path the keys of a record.
   * @internal
   */
  get messageWithoutData(): string {
    return `${titleOf(this.task, this.row, this.schedule)} (issues: ${this.issues.length})`;
  }
}

function titleOf(task: string, row: number | undefined, schedule: string | undefined): string {
  const ofRow = row === undefined ? '' : ` (row ${row})`;
  return `Task "${task}"${schedule === undefined ? ofRow : ` of schedule "${schedule}"`} has invalid data`;
}

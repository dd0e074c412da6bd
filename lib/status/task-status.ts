import type { TaskState } from '../broker/task-state.js';

/** An error as a status keeps it: cut to a bounded length. */
export interface TaskFailure {
  name: string;
  message: string;
  stack?: string;
}

/** Why one of several attempts failed. */
export interface AttemptFailure extends TaskFailure {
  attempt: number;
}

/** Where a task stands. `null` where there is nothing (yet). */
export interface TaskStatus<Result = unknown> {
  /** The public id, `<queue>:<id>`. */
  id: string;
  queue: string;
  name: string;
  state: TaskState;
  /** 0 where nobody gave it one. */
  priority: number;
  group: string | null;
  /** The run that is under way or was the last, counted from 1; 0 before the first. */
  attempt: number;
  /** By Redis's clock, as all times here. */
  createdAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** When it comes again: of a task that is `retrying` or `scheduled`. */
  dueAt: Date | null;
  /** What the handler said last through `TaskContext.progress`. */
  progress: unknown;
  /** What the handler returned, as JSON has carried it. */
  result: Result | null;
  /** Why a completed task has no result here although its handler returned one. */
  unrecorded: string | null;
  /** Why it was cancelled: `expired`, or what `TaskQueueAdmin.cancel` was given. */
  reason: string | null;
  /** Why the latest one failed of those attempts that did; also if a later one succeeded. */
  error: TaskFailure | null;
  /** Why attempts before that failed: the last few, oldest first. */
  earlierErrors: readonly AttemptFailure[];
}

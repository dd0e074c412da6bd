import type { TaskState } from '../broker/task-state.js';

/** An error as a status keeps it: cut to a bounded length. */
export interface TaskFailure {
  name: string;
  message: string;
  stack?: string;
}

/** Where a task stands. `null` where there is nothing (yet). */
export interface TaskStatus {
  /** The public id, `<queue>:<id>`. */
  id: string;
  queue: string;
  name: string;
  state: TaskState;
  /** The run that is under way or was the last, counted from 1; 0 before the first. */
  attempt: number;
  /** By Redis's clock, as all times here. */
  createdAt: Date | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** What the handler said last through `TaskContext.progress`. */
  progress: unknown;
  /** What the handler returned. */
  result: unknown;
  /** Why a completed task has no result here although its handler returned one. */
  unrecorded: string | null;
  /** Why it failed. */
  error: TaskFailure | null;
}

import type { TaskContext } from '../handler/task-context.js';
import type { Call } from './call.js';
import { type RunResult, TaskRun } from './task-run.js';

/** The call that a run is a part of. */
export interface Batch extends Call {
  ended(run: BatchedRun, result: RunResult): void;
}

/**
 * One attempt at one task that its handler gets together with others. Its batch begins it and ends it; where it is cancelled, or
 * its time is over, it ends before the others.
 */
export class BatchedRun extends TaskRun {
  /** As soon as there is one: it is put into a batch when it is accepted. */
  batch: Batch | undefined;

  override get call(): Call {
    return this.batch ?? this;
  }

  /** Its batch begins. */
  join(): TaskContext {
    return this.begin();
  }

  /** Its batch is over. Nothing comes of it where this run has ended before. */
  endWith(result: RunResult): void {
    this.end(result);
  }

  protected override report(result: RunResult): void {
    this.batch?.ended(this, result);
  }
}

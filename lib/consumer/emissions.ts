import { Logger } from '@nestjs/common';
import type { TaskContext } from '../handler/task-context.js';
import { guardedLog } from './guarded-log.js';
import { showForLog } from './task-failure.js';

const log = guardedLog(new Logger('TaskWorker'));

/**
 * What the Observable of a handler emits, as the progress of its task. It is written with the next turn of the event loop: of several
 * emissions in one turn the last one wins, and none is written where the Observable completes in the same turn, for that one is the
 * result.
 */
export class Emissions {
  private latest: unknown;
  private due: NodeJS.Immediate | undefined;
  private hasWarned = false;

  constructor(private readonly task: TaskContext) {}

  note(value: unknown): void {
    this.latest = value;
    this.due ??= setImmediate(() => this.write());
  }

  close(): void {
    clearImmediate(this.due);
  }

  /** What cannot be written is no reason to fail: the work goes on, as it does where a result cannot be recorded. */
  private write(): void {
    this.due = undefined;
    if (this.latest === undefined) return;
    try {
      this.task.progress(this.latest);
    } catch (error) {
      if (this.hasWarned) return;
      this.hasWarned = true;
      log.warn(`${this.task.id} (${this.task.name}) has emitted what is no progress: ${showForLog(error)}`);
    }
  }
}

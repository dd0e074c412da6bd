import type { TaskHandlerEntry } from '../handler/task-handler.js';

/** What one more task weighs in the average. */
const WEIGHT = 0.1;

/**
 * Which part of a slot a task of a queue takes, on average: all of it, or less where handlers get many tasks in one call. What waits
 * in the queue is not known before it is claimed, so it is supposed to be like what came last.
 */
export class SlotShare {
  private average = 1;

  /** @param isStrict no more is to be claimed than surely finds a slot */
  constructor(
    handlers: readonly TaskHandlerEntry[],
    private readonly isStrict: boolean,
  ) {
    const shares = handlers.map(({ batch }) => 1 / (batch?.size ?? 1));
    if (shares.length === 0) return;
    this.average = isStrict ? Math.max(...shares) : shares.reduce((sum, share) => sum + share) / shares.length;
  }

  get perTask(): number {
    return this.average;
  }

  /** A task was claimed for this handler. */
  learn({ batch }: TaskHandlerEntry): void {
    if (!this.isStrict) this.average += WEIGHT * (1 / (batch?.size ?? 1) - this.average);
  }

  /** How many tasks these slots take. */
  tasksFor(slots: number): number {
    return Math.round(slots / this.average);
  }
}

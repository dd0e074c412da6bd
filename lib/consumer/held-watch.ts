import type { HeldTasks } from './held-tasks.js';

/** How long a task may wait in hand for a slot to become free, and be active without being marked so. */
const WATCH_MS = 50;

/**
 * Looks after what a worker holds without that anything happens: gives back what was fetched ahead and finds no slot, for
 * another worker may have one, and marks runs that take long enough to be seen.
 */
export class HeldWatch {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly held: HeldTasks,
    private readonly onChange: () => void,
  ) {}

  /** To be called after every turn. */
  look(): void {
    if (this.timer || !this.held.needsWatch) return;
    const { begunCount } = this.held;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.held.begunCount === begunCount) this.held.giveBackAhead();
      this.held.markRuns();
      this.onChange();
    }, WATCH_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

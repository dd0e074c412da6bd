import type { Logger } from '@nestjs/common';
import { showError } from './task-failure.js';

/** What an outage does to the loops of a worker: one line in the log when it begins and one when it is over. */
export class OutageLog {
  private readonly stricken = new Set<object>();
  private begunAt = 0;

  constructor(private readonly logger: Logger) {}

  /** A loop met an error and will try again. */
  begin(loop: object, error: unknown): void {
    if (this.stricken.size === 0) {
      this.begunAt = performance.now();
      this.logger.error(`The worker cannot go on and keeps trying: ${showError(error)}`);
    }
    this.stricken.add(loop);
  }

  /** The loop works (again). */
  over(loop: object): void {
    if (!this.stricken.delete(loop) || this.stricken.size > 0) return;
    this.logger.log(`The worker is back after ${((performance.now() - this.begunAt) / 1000).toFixed(1)} s`);
  }
}

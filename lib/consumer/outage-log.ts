import type { Logger } from '@nestjs/common';
import { RedisUnavailableError } from '../errors/index.js';
import { showError } from './task-failure.js';

/** What an outage does to the loops of a worker: one line for each thing that is wrong, and one when all is over. */
export class OutageLog {
  private readonly stricken = new Map<object, string>();
  private begunAt = 0;

  constructor(private readonly logger: Logger) {}

  /** A loop met an error and will try again. */
  begin(loop: object, error: unknown): void {
    // Messages of unavailability tell milliseconds: there the code is what makes two outages the same.
    const what = error instanceof RedisUnavailableError ? error.code : showError(error);
    if (this.stricken.size === 0) this.begunAt = performance.now();
    if (![...this.stricken.values()].includes(what)) {
      this.logger.error(`The worker cannot go on and keeps trying: ${showError(error)}`);
    }
    this.stricken.set(loop, what);
  }

  /** The loop works (again). */
  over(loop: object): void {
    if (!this.stricken.delete(loop) || this.stricken.size > 0) return;
    this.logger.log(`The worker is back after ${((performance.now() - this.begunAt) / 1000).toFixed(1)} s`);
  }
}

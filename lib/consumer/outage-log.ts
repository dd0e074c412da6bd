import type { GuardedLog } from './guarded-log.js';
import { RedisUnavailableError } from '../errors/index.js';
import { showError } from './task-failure.js';

/** What comes back and fails again within this time was never really back: that is one outage. */
const SETTLE_MS = 1_000;
/** Different things that can be wrong in one outage. More of them would not tell more. */
const MAX_LINES = 10;

/**
 * What outages do to a process: one line for each thing that is wrong, however many loops meet it how many times, and
 * one when all is over. That one comes a second late, and tells how long the outage was without that second.
 */
export class OutageLog {
  private readonly stricken = new Set<object | string>();
  private readonly said = new Set<string>();
  private begunAt = 0;
  private endedAt = 0;
  private settling: NodeJS.Timeout | undefined;

  constructor(private readonly logger: GuardedLog) {}

  /** A loop, or whoever else, met an error and will try again. */
  begin(who: object | string, error: unknown): void {
    clearTimeout(this.settling);
    this.settling = undefined;
    this.stricken.add(who);
    if (this.said.size === 0) this.begunAt = performance.now();
    const unavailable = error instanceof RedisUnavailableError;
    // Messages of unavailability differ from try to try: there the code is what makes two of them the same.
    const what = unavailable ? error.code : showError(error);
    if (this.said.has(what) || this.said.size >= MAX_LINES) return;
    this.said.add(what);
    const reason = unavailable && error.cause instanceof Error ? error.cause.message : showError(error);
    this.logger.error(
      unavailable
        ? `Redis cannot be used, trying again until it can: ${reason}`
        : `Redis trouble, trying again until it is over: ${reason}`,
    );
  }

  /** It works (again). */
  over(who: object | string): void {
    if (!this.stricken.delete(who) || this.stricken.size > 0) return;
    this.endedAt = performance.now();
    this.settling = setTimeout(() => this.close(), SETTLE_MS).unref();
  }

  /** It does not try any more, and will never tell that it works. Where nobody else is concerned the outage is over without a word. */
  leave(who: object | string): void {
    if (this.stricken.delete(who) && this.stricken.size === 0) this.said.clear();
  }

  /** Says at once what is only known to be over. May be called twice. */
  close(): void {
    if (this.settling === undefined) return;
    clearTimeout(this.settling);
    this.settling = undefined;
    this.said.clear();
    this.logger.log(`All works again after ${((this.endedAt - this.begunAt) / 1000).toFixed(1)} s`);
  }
}

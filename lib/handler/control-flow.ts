import { IntrinsicException } from '@nestjs/common';
import { checkDelay } from '../options/backoff.js';
import type { Duration } from '../options/duration.js';
import { checkRetryAfter } from '../options/rate.js';

/*
 * What a handler throws to say how its task goes on. None of it is a fault of the handler: Nest does not log exceptions of
 * this kind by itself, and the worker tells of the outcome.
 */

/** This attempt failed, and when the next one is due is known: an upstream said "retry after". Uses an attempt. */
export class RetryTask extends IntrinsicException {
  /** `undefined` for what the backoff says. */
  readonly delayMs: number | undefined;

  /**
   * @param options.delay until the next attempt @default what the backoff says
   * @throws InvalidOptionsError
   */
  constructor({ delay, reason = 'The handler asked for another attempt' }: { delay?: Duration; reason?: string } = {}) {
    super(reason);
    this.delayMs = delay === undefined ? undefined : checkDelay(delay);
  }

  override get name(): string {
    return 'RetryTask';
  }
}

/** No further attempt can help: the task is a dead letter at once. */
export class FailTask extends IntrinsicException {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason);
    if (options?.cause !== undefined) this.cause = options.cause;
  }

  override get name(): string {
    return 'FailTask';
  }
}

/** Not now: the task comes again after the delay, as if this attempt had not been. */
export class SnoozeTask extends IntrinsicException {
  readonly delayMs: number;

  /** @throws InvalidOptionsError */
  constructor(delay: Duration) {
    super('The handler put the task off');
    this.delayMs = checkDelay(delay);
  }

  override get name(): string {
    return 'SnoozeTask';
  }
}

/**
 * An upstream wants to be left alone for a while: the task goes back to the head of its queue, as if this attempt had not been, and
 * until then no process claims anything from that queue. What runs already goes on. Of several such waits the longest wins.
 */
export class RateLimited extends IntrinsicException {
  readonly delayMs: number;

  /** @param retryAfter up to '24h': for longer put the task off with `SnoozeTask` @throws InvalidOptionsError */
  constructor(retryAfter: Duration) {
    super('The handler was told to wait');
    this.delayMs = checkRetryAfter(retryAfter);
  }

  override get name(): string {
    return 'RateLimited';
  }
}

/** Whether a handler has said with this how its task goes on. */
export function isControlFlow(thrown: unknown): boolean {
  return [RetryTask, FailTask, SnoozeTask, RateLimited].some((type) => thrown instanceof type);
}

import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import type { Duration } from './duration.js';
import { duration, integer, object } from './option-rules.js';

/** How the tasks of a handler come together. */
export interface BatchOptions {
  /** How many tasks the handler gets in one call, at most: 1 to 1,000. */
  size: number;
  /**
   * How long the first task of a batch waits, at most, for the batch to be full, counted from when its worker has claimed it; up to
   * '1h'. With `0` a batch is made of what is waiting in the queue, and nothing waits. @default 0
   */
  maxWait?: Duration | undefined;
}

/** Batch options, checked and with every default filled in. */
export interface BatchSettings {
  size: number;
  maxWaitMs: number;
}

export const batchRule = object({ size: integer(1, 1_000), maxWait: duration(0, '1h') });

/** @throws InvalidOptionsError */
export function checkBatchOptions(options: BatchOptions): BatchSettings {
  const problems: OptionProblem[] = [];
  const { size, maxWait } = batchRule(options, 'batch', problems) ?? {};
  if (size === undefined && problems.length === 0) integer(1, 1_000)(null, 'batch.size', problems);
  if (size === undefined || problems.length > 0) throw new InvalidOptionsError(problems);
  return { size, maxWaitMs: maxWait ?? 0 };
}

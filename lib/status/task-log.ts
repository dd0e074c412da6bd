import type { LogLine } from '../broker/log-line.js';
import { InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { integer, object } from '../options/option-rules.js';

/** A line that a handler has logged with `TaskContext.log`. */
export interface TaskLogLine {
  /** By Redis's clock, as far as the worker knew it. */
  at: Date;
  /** Counted from 1. */
  attempt: number;
  line: string;
}

/** Which lines of a log are read. */
export interface TaskLogOptions {
  /** How many lines to leave out, from the oldest one on. @default 0 */
  offset?: number | undefined;
  /** How many lines to read at most. @default all that are kept */
  limit?: number | undefined;
}

const MAX = 1_000_000;
const optionsRule = object({ offset: integer(0, MAX), limit: integer(1, MAX) });

/** @throws InvalidOptionsError */
export function checkLogOptions(options: TaskLogOptions): { offset: number; limit: number } {
  const problems: OptionProblem[] = [];
  const { offset = 0, limit = MAX } = optionsRule(options, '', problems) ?? {};
  if (problems.length > 0) throw new InvalidOptionsError(problems);
  return { offset, limit };
}

export function toTaskLogLine({ at, attempt, line }: LogLine): TaskLogLine {
  return { at: new Date(at), attempt, line };
}

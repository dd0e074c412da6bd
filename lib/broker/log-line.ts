/** One line of what a handler has logged of its task. */
export interface LogLine {
  /** By Redis's clock, in ms. */
  at: number;
  /** Counted from 1. */
  attempt: number;
  /** Which line of its run this is, counted from 1: so one that is sent twice is known. */
  n: number;
  line: string;
}

/** So many lines are kept of a task: the last ones. */
export const LOG_LINES_MAX = 1_000;

/** For how long, from the last one on. */
export const LOG_TTL_MS = 7 * 86_400_000;

/** The retention of a task of which nothing is kept but its log. That goes, too, where the retention is 0. */
export const LOG_ONLY = -1;

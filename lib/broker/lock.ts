/** What every task id ends with that was added with a lock: what all others hold need not be looked up. */
export const LOCKED_SUFFIX = '-u';

export function mayHoldKey(id: string): boolean {
  return id.endsWith(LOCKED_SUFFIX);
}

/** The key that a task is to hold, and what becomes of others of that key. */
export type Lock = UniqueLock | DebounceLock;

/** The first one wins. */
export interface UniqueLock {
  key: string;
  /** Until a worker has taken the task, until it has ended, or for so many ms. */
  until: 'started' | 'finished' | number;
}

/** The data of the last one win, and it is due so long after that one was added. */
export interface DebounceLock {
  key: string;
  /** How long after the first one it is due at the latest. */
  maxWaitMs: number;
  /** Not before the task of that key has ended which a worker has taken before. */
  waitsForRun: boolean;
}

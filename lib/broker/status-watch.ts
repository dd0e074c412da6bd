import type { Partition } from './partition.js';

/** Who is told that the statuses of tasks may have changed. What has changed stands in the status: that is the truth. */
export interface StatusListener {
  changed(partition: Partition, id: string): void;
  /** Whatever is watched may have changed, and has to be entered anew. */
  missed(): void;
}

/** For how long an entry is good. */
export const WATCH_TTL_MS = 60_000;

/** What a process watches. */
export interface StatusWatch {
  /**
   * Whatever happens to these tasks after this call is told, for `WATCH_TTL_MS`; then they are to be entered anew.
   * @throws RedisUnavailableError, RedisRefusedError
   */
  enter(partition: Partition, ids: readonly string[]): Promise<void>;

  /** Nothing is told of these tasks any more. @param areOver nothing more happens to them, so nobody else needs to be told */
  leave(partition: Partition, ids: readonly string[], areOver: boolean): Promise<void>;

  /** Ends its connection. */
  close(): void;
}

import type { Partition } from './partition.js';

/** How many tasks of a queue stand where. */
export interface QueueCounts {
  /** For a worker. What was called off or taken out counts until a worker has come to it. */
  waiting: number;
  /** For their time, those apart that wait for another attempt. */
  scheduled: number;
  /** In the hands of workers. */
  active: number;
  /** For their next attempt. */
  retrying: number;
  /** Dead letters. */
  failed: number;
  /** Nothing is claimed until somebody says so. */
  paused: boolean;
  /** In the last full minute, as workers have told: they do every 10 s. */
  completedPerMinute: number;
  failedPerMinute: number;
}

/** How a queue is getting on. Reads in bounded steps, and changes nothing. */
export interface QueueReadings {
  /**
   * How many tasks stand where. What moves meanwhile may be counted twice, or not at all, where the queue has more than a hundred
   * workers, priorities and groups; of more than 100,000 of these the rest is not counted.
   */
  counts(partition: Partition): Promise<QueueCounts>;

  /** For how long the task has been due, in ms, that should have come first; 0 where none is overdue, `null` where none waits for its time. */
  scheduledLag(partition: Partition): Promise<number | null>;

  /**
   * For how long the task has been waiting, in ms, that has been waiting longest: since it was added, was due, or was put back as a dead
   * letter. `null` where none is waiting. Of lists for priorities, groups and the like only some are looked at, fewer where tasks are large, those first
   * whose turn it is last; what others have pushed without an id does not say since when it waits.
   */
  longestWait(partition: Partition): Promise<number | null>;
}

import type { Partition } from './partition.js';

/** How a queue is getting on. Reads in bounded steps, and changes nothing. */
export interface QueueReadings {
  /**
   * For how long the task has been waiting, in ms, that has been waiting longest: since it was added, was due, or was put back as a dead
   * letter. `null` where none is waiting. Of lists for priorities, groups and the like only some are looked at, those first whose turn it
   * is last; what others have pushed without an id does not say since when it waits.
   */
  longestWait(partition: Partition): Promise<number | null>;
}

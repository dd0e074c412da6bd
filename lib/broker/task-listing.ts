import type { Partition } from './partition.js';
import type { PlacedTask } from './placed-task.js';
import type { TaskState } from './task-state.js';

/** One step of a walk. */
export interface WalkStep {
  /** `null` where what was met is none of the tasks that are looked for. */
  task: PlacedTask | null;
  /** About how much was read for it. */
  bytes: number;
  /** Where a later walk goes on behind it: for the broker to read, and for nobody else. */
  position: () => string;
}

export interface Walk {
  partition: Partition;
  state: TaskState;
  /** `null` for the beginning. */
  position: string | null;
  /** How many are probably wanted. */
  count: number;
}

/** The tasks of a queue, wherever they stand. Reads in bounded steps, and changes nothing. */
export interface TaskListing {
  /**
   * Walks through all tasks of one state, as far as somebody asks for the next one: what has not ended in the order in which it will
   * run, as far as that is certain; what has ended from the latest on. Of what is completed or cancelled only the ids of the
   * last 1,000 are known that ended so, or as dead letters.
   *
   * Others may go on with the queue meanwhile. What stands there all the time is met, and comes again only where the task has gone at which
   * the walk was interrupted.
   * @throws InvalidCursorError where the position is none
   */
  walk(walk: Walk): AsyncIterable<WalkStep>;

  /**
   * Finds a task wherever it stands, also while it moves. One that waits has to be searched for in its list.
   * @param searches whether to search also for what has no status
   */
  find(partition: Partition, id: string, searches: boolean): Promise<PlacedTask | null>;
}

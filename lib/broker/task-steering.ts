import type { Rate } from './claim-limits.js';
import type { Partition } from './partition.js';
import type { Due } from './task-broker.js';
import type { TaskState } from './task-state.js';

/** What one group of a queue may do: what is left out is as it is for all. */
export interface GroupLimits {
  /** How many tasks it gets in its turn. */
  weight?: number | undefined;
  /** How many of its tasks all workers may hold at once. */
  concurrency?: number | undefined;
  rate?: Rate | undefined;
}

/** A dead letter. */
export interface DeadLetter {
  id: string;
  /** When it died, in ms. */
  diedAt: number;
  /** How long its envelope is. */
  bytes: number;
  /** The task's, as far as its status is still there. */
  name: string | null;
  /** The latest error as JSON. */
  error: string | null;
}

/** What somebody does from outside to single tasks, and to groups. Each call may be repeated. */
export interface TaskSteering {
  /**
   * Calls a task off.
   * @returns the state that it was in, `null` if there is none. What was active ends `cancelled` once its worker has heard.
   */
  cancel(partition: Partition, id: string, reason: string, ttlMs: number): Promise<TaskState | null>;

  /** Changes when a task is due that waits for its time. @returns whether it was */
  reschedule(partition: Partition, id: string, due: Due): Promise<boolean>;

  /**
   * Changes the priority of a task that waits, for a worker or for its time. Costs the more the more tasks of its present
   * priority were added after it. @returns whether it waits
   */
  reprioritize(partition: Partition, id: string, priority: number): Promise<boolean>;

  /** What is set for one group, in place of what was. */
  setGroup(partition: Partition, group: string, limits: GroupLimits): Promise<void>;

  /** Dead letters from the oldest on, `count` of them behind `after`, which may be gone by now. */
  deadLetters(
    partition: Partition,
    after: Pick<DeadLetter, 'id' | 'diedAt'> | null,
    count: number,
  ): Promise<DeadLetter[]>;

  /** When the dead letter died that died last, by Redis's clock; `null` if there is none. */
  lastDeath(partition: Partition): Promise<number | null>;

  /** Puts dead letters back into the queue. @returns the ids of those that were any */
  revive(partition: Partition, ids: readonly string[]): Promise<string[]>;

  /** Removes a dead letter for good. @returns whether it was one */
  discard(partition: Partition, id: string): Promise<boolean>;

  /**
   * Removes a task that no worker holds, wherever it stands, with all that is kept of it.
   * @param isThorough also one without a status: then all that waits is searched
   * @returns whether it did
   */
  remove(partition: Partition, id: string, isThorough: boolean): Promise<boolean>;
}

import type { Partition } from './partition.js';
import type { TaskState } from './task-state.js';

/** What becomes of tasks that are dealt with in bulk. */
export type BulkAction =
  /** They end `cancelled`, for this reason. */
  | { kind: 'end'; reason: string; ttlMs: number }
  /** They wait in another queue from now on. What they leave behind ends `cancelled`, and is kept for so long. */
  | { kind: 'move'; to: Partition; ttlMs: number; withStatus: boolean };

/** Which tasks are meant: those to which all of this applies. */
export interface BulkFilter {
  name?: string | undefined;
  /** Stands somewhere in the envelope, as JSON. */
  text?: string | undefined;
  /** Added at this time or before, in ms. */
  addedUntilMs?: number | undefined;
}

/** Where they are looked for. */
export type BulkPlace =
  /** One of `lists`; as many as there are when the walk begins. */
  | { kind: 'list'; list: string }
  | { kind: 'scheduled'; state?: 'scheduled' | 'retrying' | undefined }
  | { kind: 'dead' };

/** A walk through one place. */
export interface BulkWalk {
  place: BulkPlace;
  action: BulkAction;
  filter: BulkFilter;
  /** Only looks, and changes nothing. */
  isDry: boolean;
}

/** Statuses, and with them dead letters, that are to go. */
export interface PurgeWalk {
  state: Extract<TaskState, 'completed' | 'failed' | 'cancelled'>;
  /** Ended at this time or before, in ms. */
  endedUntilMs: number;
  isDry: boolean;
}

export interface BulkPage {
  /** How many tasks, or keys, were dealt with. */
  done: number;
  /** How many were meant but stay. */
  kept: number;
  /** Where to go on; `null` at the end. */
  next: string | null;
}

/** Who is at a queue. */
export interface QueueUse {
  workers: number;
  /** How many tasks workers hold. */
  held: number;
}

/** What somebody does from outside to a whole queue. Each call is bounded in its work, and may be repeated. */
export interface QueueSteering {
  /** Nobody claims from it until `resume`. @returns whether it was not paused before */
  pause(partition: Partition): Promise<boolean>;

  /** @returns whether it was paused */
  resume(partition: Partition): Promise<boolean>;

  isPaused(partition: Partition): Promise<boolean>;

  /** What the clock says by which all times are written, in ms. */
  clock(): Promise<number>;

  /** The lists in which tasks wait for a worker at present; behind others those into which tasks go from them. */
  lists(partition: Partition): Promise<string[]>;

  /** A page of a walk. @param cursor `null` for the first page @throws LayoutMismatchError of either queue */
  walk(partition: Partition, walk: BulkWalk, cursor: string | null): Promise<BulkPage>;

  /** A page of those that have ended. @param cursor `null` for the first page */
  purge(partition: Partition, walk: PurgeWalk, cursor: string | null): Promise<BulkPage>;

  /**
   * Lets go of a queue: of all tasks at one moment, then of all other keys in pages.
   * @param cursor `null` for the first page, which is the only one that may find it in use
   */
  erase(
    partition: Partition,
    options: { force: boolean; isDry: boolean },
    cursor: string | null,
  ): Promise<BulkPage | QueueUse>;
}

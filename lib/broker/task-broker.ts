import type { Partition } from './partition.js';
import type { TaskState } from './task-state.js';

/** How long one `sleep` lasts at most: after it the worker looks for itself, in case that a ring was lost. */
export const MAX_SLEEP_MS = 5_000;

/** A task on its way into a queue. */
export interface NewTask {
  id: string;
  name: string;
  envelope: string;
  /**
   * Given with an id that a caller chose, to tell our own earlier attempt to add it from somebody else's task;
   * empty with a generated id, which nobody else can have.
   */
  token: string;
}

/** What became of a claimed task, or of a part of it. Times are milliseconds; texts are JSON. */
export type Outcome =
  /** Its run began so long ago; for what was claimed without a mark. */
  | { kind: 'began'; id: string; ranMs: number }
  | { kind: 'progress'; id: string; progress: string }
  | { kind: 'completed'; id: string; result: string | undefined; ranMs: number; ttlMs: number }
  /** Completed as well, but its result is not kept, and this is why. */
  | { kind: 'unrecorded'; id: string; reason: string; ranMs: number; ttlMs: number }
  | { kind: 'failed'; id: string; error: string; ranMs: number; ttlMs: number }
  /** Given back to the head of the queue as if never claimed. The last one given back is the first to be claimed. */
  | { kind: 'released'; id: string }
  /** Nobody here can handle it: it comes again after a while. */
  | { kind: 'deferred'; id: string; delayMs: number };

export interface ExchangeRequest {
  worker: string;
  leaseMs: number;
  /** How long dead letters that the exchange itself makes are kept. */
  deadLetterTtlMs: number;
  outcomes: readonly Outcome[];
  /** How many tasks the worker can take. */
  want: number;
  /** Whether the statuses of claimed tasks become `active` at once; else once the worker reports that a run `began`. */
  marks: boolean;
}

export interface ExchangeReply {
  /** The envelopes of what this worker now holds, in the order of the queue. */
  claimed: string[];
  /** Ids whose outcome came too late: others have taken the task over. */
  refused: string[];
  /** Ids under which elements that are no tasks now lie in the dead letters. */
  malformed: string[];
  /** More tasks are waiting than were claimed. */
  more: boolean;
  /** Milliseconds until the next scheduled task is due; `null` if there is none. */
  nextDueMs: number | null;
  /** The lease of another worker has run out: time to `recover`. */
  expired: boolean;
}

export interface BeatReply {
  /** How many tasks Redis says that this worker holds. */
  held: number;
  expired: boolean;
}

export interface Recovery {
  worker: string;
  returned: string[];
  buried: string[];
  /** Call again: this was one page, or there is another dead worker. */
  more: boolean;
}

/** A status key as it stands in Redis: times in milliseconds, values as JSON text. */
export interface StatusRecord {
  state: TaskState;
  name: string;
  attempt: number;
  created: number | null;
  started: number | null;
  finished: number | null;
  progress: string | null;
  result: string | null;
  unrecorded: string | null;
  error: string | null;
}

/**
 * The one interface between the library and where tasks are kept. Every call concerns one partition and is one
 * atomic step there. `null` instead of a reply means that this worker was declared dead: nothing was done, others
 * run what it held, and it must go on under a new id.
 */
export abstract class TaskBroker {
  /**
   * Adds tasks in order. Safe to repeat.
   * @returns for each whether it was created, `false` for a known id
   * @throws LayoutMismatchError
   */
  abstract enqueue(partition: Partition, tasks: readonly NewTask[]): Promise<boolean[]>;

  /** Settles and claims. Never repeated by the broker itself: after an error, look at `held`. */
  abstract exchange(partition: Partition, request: ExchangeRequest): Promise<ExchangeReply | null>;

  /** Enters a new worker. @throws LayoutMismatchError */
  abstract join(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null>;

  /** Renews a lease. */
  abstract beat(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null>;

  /** The ids that a worker holds. */
  abstract held(partition: Partition, worker: string): Promise<string[]>;

  /** The envelopes of some of these ids; what is not held any more is left out. */
  abstract heldTasks(partition: Partition, worker: string, ids: readonly string[]): Promise<string[]>;

  /** Takes over from one worker whose lease has run out. @returns `null` if there is none. */
  abstract recover(partition: Partition, maxLost: number, deadLetterTtlMs: number): Promise<Recovery | null>;

  /** Takes a worker off the list. */
  abstract leave(partition: Partition, worker: string): Promise<void>;

  /**
   * Sleeps until the bell of one of these partitions rings, at most `timeoutMs` and never
   * longer than `MAX_SLEEP_MS`. One call at a time.
   * @returns the partition that rang, or `null` after the time or a `wake`.
   */
  abstract sleep(partitions: readonly Partition[], timeoutMs: number): Promise<Partition | null>;

  /** Ends a `sleep` that is under way. */
  abstract wake(): void;

  /** Passes on a ring that this worker cannot use. */
  abstract ringAgain(partition: Partition): Promise<void>;

  /** The statuses of tasks, `null` where there is none. */
  abstract statuses(partition: Partition, ids: readonly string[]): Promise<(StatusRecord | null)[]>;

  /** Ends every connection at once. May be called twice. */
  abstract close(): Promise<void>;
}

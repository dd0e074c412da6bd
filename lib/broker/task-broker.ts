import type { BrokerObserver, ServerFacts } from './broker-observer.js';
import type { ExchangeReply, ExchangeRequest, Retention } from './exchange.js';
import type { Lock } from './lock.js';
import type { LogLine } from './log-line.js';
import type { LeaseKeeper, LeaseKeeperOptions } from './lease-keeper.js';
import type { Partition } from './partition.js';
import type { PlainStore } from './plain-store.js';
import type { QueueReadings } from './queue-readings.js';
import type { QueueSteering } from './queue-steering.js';
import type { ReportStore } from './report-store.js';
import type { RepairStore } from './repair-store.js';
import type { ScheduleStore } from './schedule-store.js';
import type { StatusListener, StatusWatch } from './status-watch.js';
import type { TaskListing } from './task-listing.js';
import type { TaskState } from './task-state.js';
import type { TaskSteering } from './task-steering.js';

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
  /** Of one that waits for its time. */
  due?: Due | undefined;
  /** Where it waits, as its envelope says. */
  priority: number;
  group?: string | undefined;
  /** It is not worth to be begun later than so long after it was added, or is due. */
  expiresInMs?: number | undefined;
  /** The key that it is to hold. Its id is generated, and ends with `LOCKED_SUFFIX`. */
  lock?: Lock | undefined;
}

/** When a task is due: by Redis's clock, so many ms from its call, or in ms since 1970. What is overdue is due at once. */
export type Due = { inMs: number } | { atMs: number };

export interface ScheduleOptions {
  /** How many tasks may be scheduled; of those without a time, how many may wait. @default any number */
  maxLength?: number;
}

export interface EnqueueOptions {
  /** How many tasks may wait. @default any number */
  maxLength?: number;
  /**
   * Whether each task has a status from now on, and an `enqueue` may be repeated. What has an id of its caller's own has one in
   * any case: that is how another task of that id is noticed. @default true
   */
  withStatus?: boolean;
  /** Whether any of these tasks has a priority or a group. @default false */
  inLanes?: boolean;
}

/**
 * What became of a task that was to be added; `refused` where somebody keeps something else under its status key. Of one with a lock
 * also the id of the task that holds the key, or whose data it has replaced.
 */
export type Enqueued = 'created' | 'known' | 'full' | 'refused' | { heldBy: string } | { replaced: string };

export interface BeatReply {
  /** How many tasks Redis says that this worker holds. */
  held: number;
  expired: boolean;
  /** Ids of those that somebody has called off. */
  cancelled: string[];
  /** How often schedules of the queue have changed. Less than before: Redis has lost its data meanwhile. */
  scheduleRevision: number;
}

export interface Recovery {
  worker: string;
  returned: string[];
  buried: string[];
  /** Call again: this was one page, or there is another dead worker. */
  more: boolean;
}

/** A worker in one of its queues. */
export interface WorkerPlace {
  partition: Partition;
  worker: string;
}

/** Who is asleep, and what it listens to. */
export interface SleepRequest {
  /** What these have to offer. */
  partitions: readonly Partition[];
  /** Those that have something to offer only once others have ended. */
  heldUp?: readonly Partition[];
  /** Workers to which something may be said although they have no free slots. */
  workers: readonly WorkerPlace[];
  timeoutMs: number;
}

/** Whose bell has rung: that of a partition, or that of one worker in it. */
export interface Ring {
  partition: Partition;
  isPersonal: boolean;
  /** It was for those that are held up in that partition. */
  isForRoom?: boolean;
}

/** A status key as it stands in Redis: times in milliseconds, values as JSON text. */
export interface StatusRecord {
  state: TaskState;
  name: string;
  priority: number;
  group: string | null;
  attempt: number;
  created: number | null;
  started: number | null;
  finished: number | null;
  /** When it comes again. */
  due: number | null;
  progress: string | null;
  result: string | null;
  unrecorded: string | null;
  /** Why it was cancelled; plain text. */
  reason: string | null;
  /** Of the latest attempt that failed. */
  error: string | null;
  /** Of attempts before it: the last few, oldest first. */
  earlierErrors: { attempt: number; error: string }[];
}

/**
 * The one interface between the library and where tasks are kept. Every call concerns one partition and is one
 * atomic step there. `null` instead of a reply means that this worker was declared dead: nothing was done, others
 * run what it held, and it must go on under a new id.
 */
export abstract class TaskBroker {
  abstract readonly schedules: ScheduleStore;
  abstract readonly steering: TaskSteering;
  abstract readonly queues: QueueSteering;
  abstract readonly readings: QueueReadings;
  abstract readonly reports: ReportStore;
  abstract readonly listing: TaskListing;
  abstract readonly repairs: RepairStore;
  abstract readonly plain: PlainStore;

  /** From now on this observer, and no other, is told how the broker gets on with its server. Opens no connection. */
  abstract watch(observer: BrokerObserver): void;

  /**
   * Connects, if need be, and asks the server what it is.
   * @returns `null` where this user may not know
   * @throws RedisUnavailableError
   */
  abstract describe(): Promise<ServerFacts | null>;

  /**
   * Adds tasks in order. Sent again by the broker itself where the answer is lost.
   * @throws LayoutMismatchError
   */
  abstract enqueue(partition: Partition, tasks: readonly NewTask[], options?: EnqueueOptions): Promise<Enqueued[]>;

  /** As `enqueue`, for tasks that wait for their time. What is due at the same moment comes in the order in which it was added. */
  abstract schedule(partition: Partition, tasks: readonly NewTask[], options?: ScheduleOptions): Promise<Enqueued[]>;

  /**
   * Adds tasks with locks in order, as `enqueue` or, if they have a time, as `schedule` does; but not those whose key another one
   * holds.
   */
  abstract addLocked(partition: Partition, tasks: readonly NewTask[], options?: ScheduleOptions): Promise<Enqueued[]>;

  /** Settles and claims. Never repeated by the broker itself: after an error, look at `held`. */
  abstract exchange(partition: Partition, request: ExchangeRequest): Promise<ExchangeReply | null>;

  /** Enters a new worker. @throws LayoutMismatchError */
  abstract join(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null>;

  /** Renews a lease. */
  abstract beat(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null>;

  /** Begins to renew leases for a main thread that is blocked. Never throws. */
  abstract keepLeases(options: LeaseKeeperOptions): LeaseKeeper;

  /** The ids that a worker holds. */
  abstract held(partition: Partition, worker: string): Promise<string[]>;

  /** The envelopes of some of these ids; what is not held any more is left out. */
  abstract heldTasks(partition: Partition, worker: string, ids: readonly string[]): Promise<string[]>;

  /** Takes over from one worker whose lease has run out. @returns `null` if there is none. */
  abstract recover(partition: Partition, maxLost: number, retention: Retention): Promise<Recovery | null>;

  /** Takes a worker off the list. */
  abstract leave(partition: Partition, worker: string): Promise<void>;

  /**
   * Sleeps until one of the bells rings, at most `timeoutMs` and never longer than `MAX_SLEEP_MS`. One call at a time.
   * @returns which one, or `null` after the time or a `wake`.
   */
  abstract sleep(request: SleepRequest): Promise<Ring | null>;

  /** Ends a `sleep` that is under way. */
  abstract wake(): void;

  /**
   * Where something may be to do for these workers: a task waits, for its time or for a worker, or is held by one of them.
   * Where there is nothing that costs Redis one command.
   */
  abstract peek(workers: readonly WorkerPlace[]): Promise<Partition[]>;

  /** Passes on a ring that this worker cannot use. @param isForRoom as the ring says */
  abstract ringAgain(partition: Partition, isForRoom?: boolean): Promise<void>;

  /** The statuses of tasks, `null` where there is none. */
  abstract statuses(partition: Partition, ids: readonly string[]): Promise<(StatusRecord | null)[]>;

  /** The lines that a task has logged, oldest first: so many from that one on. */
  abstract logs(partition: Partition, id: string, offset: number, limit: number): Promise<LogLine[]>;

  /** Begins to watch tasks, over a connection that is opened once there is one. */
  abstract watchStatuses(listener: StatusListener): StatusWatch;

  /**
   * Asks whether tasks could be added now. Changes nothing.
   * @throws RedisUnavailableError @throws RedisRefusedError
   */
  abstract probe(): Promise<void>;

  /** Ends every connection at once. May be called twice. */
  abstract close(): Promise<void>;
}

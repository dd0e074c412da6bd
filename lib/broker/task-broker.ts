import type { BrokerObserver, ServerFacts } from './broker-observer.js';
import type { Rate } from './claim-limits.js';
import type { ExchangeReply, ExchangeRequest, Retention } from './exchange.js';
import type { Lock } from './lock.js';
import type { LeaseKeeper, LeaseKeeperOptions } from './lease-keeper.js';
import type {
  Damage,
  RepairCursor,
  RepairListPage,
  RepairListRequest,
  RepairMode,
  RepairPage,
  RepairPlace,
} from './damage.js';
import type { Partition } from './partition.js';
import type { ScheduleStore } from './schedule-store.js';
import type { StatusListener, StatusWatch } from './status-watch.js';
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

/** What one group of a queue may do: what is left out is as it is for all. */
export interface GroupLimits {
  /** How many tasks it gets in its turn. */
  weight?: number | undefined;
  /** How many of its tasks all workers may hold at once. */
  concurrency?: number | undefined;
  rate?: Rate | undefined;
}

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

  /** Begins to watch tasks, over a connection that is opened once there is one. */
  abstract watchStatuses(listener: StatusListener): StatusWatch;

  /**
   * Calls a task off.
   * @returns the state that it was in, `null` if there is none. What was active ends `cancelled` once its worker has heard.
   */
  abstract cancel(partition: Partition, id: string, reason: string, ttlMs: number): Promise<TaskState | null>;

  /** Changes when a task is due that waits for its time. @returns whether it was */
  abstract reschedule(partition: Partition, id: string, due: Due): Promise<boolean>;

  /**
   * Changes the priority of a task that waits, for a worker or for its time. Costs the more the more tasks of its present
   * priority were added after it. @returns whether it waits
   */
  abstract reprioritize(partition: Partition, id: string, priority: number): Promise<boolean>;

  /** What is set for one group, in place of what was. */
  abstract setGroup(partition: Partition, group: string, limits: GroupLimits): Promise<void>;

  /** Dead letters from the oldest on, `count` of them behind `after`, which may be gone by now. */
  abstract deadLetters(
    partition: Partition,
    after: Pick<DeadLetter, 'id' | 'diedAt'> | null,
    count: number,
  ): Promise<DeadLetter[]>;

  /**
   * For how long the task has been waiting, in ms, that has been waiting longest: since it was added, was due, or was put back as a dead
   * letter. `null` where none is waiting. Of lists for priorities, groups and the like only some are looked at, those first whose turn it
   * is last; what others have pushed without an id does not say since when it waits.
   */
  abstract longestWait(partition: Partition): Promise<number | null>;

  /**
   * Asks whether tasks could be added now. Changes nothing.
   * @throws RedisUnavailableError @throws RedisRefusedError
   */
  abstract probe(): Promise<void>;

  /** When the dead letter died that died last, by Redis's clock; `null` if there is none. */
  abstract lastDeath(partition: Partition): Promise<number | null>;

  /** Puts dead letters back into the queue. @returns the ids of those that were any */
  abstract revive(partition: Partition, ids: readonly string[]): Promise<string[]>;

  /** Removes a dead letter for good. @returns whether it was one */
  abstract discard(partition: Partition, id: string): Promise<boolean>;

  /**
   * Looks through one page of a place, and mends what it finds there. Safe to repeat, as all steps of a repair are.
   * @param cursor `null` for the first page @throws LayoutMismatchError on the first page
   */
  abstract repairPage(
    partition: Partition,
    mode: RepairMode,
    place: RepairPlace,
    cursor: RepairCursor | null,
  ): Promise<RepairPage>;

  /** Looks through one page of the queue or of the suspects. */
  abstract repairListPage(partition: Partition, mode: RepairMode, request: RepairListRequest): Promise<RepairListPage>;

  /** Looks whether two workers hold a task. @param twins ids that `worker` seems to hold, and who else does */
  abstract repairTwins(
    partition: Partition,
    mode: RepairMode,
    worker: string,
    twins: ReadonlyMap<string, string>,
  ): Promise<Damage[]>;

  /** Looks everywhere for tasks of these ids but in the midst of the lists, where a walk has not met them. */
  abstract repairMissing(partition: Partition, mode: RepairMode, ids: readonly string[]): Promise<Damage[]>;

  /**
   * Looks whether tasks wait with nobody to come for them. Damage is what two looks, some time apart, have seen.
   * @param earlier what the first look returned as `next`, else ''
   * @returns as `next` what waits with an empty bell, '' if nothing does
   */
  abstract repairBell(
    partition: Partition,
    mode: RepairMode,
    earlier: string,
  ): Promise<{ next: string; damages: Damage[] }>;

  /** Ends every connection at once. May be called twice. */
  abstract close(): Promise<void>;
}

import type { Partition } from './partition.js';

/** What becomes of a tick whose predecessor has not ended. */
export type Overlap = 'allow' | 'skip' | 'queue';

/** What every task id begins with that a tick has made: `schedule:<name>:<time in ISO 8601>`. */
export const TICK_PREFIX = 'schedule:';

/** A schedule, as whoever defines it writes it. */
export interface NewSchedule {
  name: string;
  /** When it ticks, as JSON that `ticksOf` reads. As long as this text stays the same, so does the next tick. */
  timing: string;
  /** What becomes of missed ticks: `none`, `last`, or how many at most. */
  catchUp: string;
  overlap: Overlap;
  /** The name of its tasks. */
  task: string;
  /** What stands in the envelopes of its tasks behind their heads. */
  body: string;
  expiresInMs: number | undefined;
}

/** For what was declared in code: by whom. An owner is not given by everybody. */
export interface Declaration {
  owner: string | undefined;
}

export type Upserted =
  | { kind: 'created' | 'changed' | 'unchanged'; nextMs: number | null }
  /** It belongs to somebody else, and nothing was written. */
  | { kind: 'owned'; owner: string }
  | { kind: 'tooMany' };

/** A schedule as it stands; times in ms. */
export interface ScheduleRecord extends NewSchedule {
  owner: string | null;
  isDeclared: boolean;
  isPaused: boolean;
  /** `null` while it is paused, or where there is none. */
  nextMs: number | null;
  /** The last tick that was made, or left out because of an overlap. */
  lastMs: number | null;
  /** The last tick that was left out, because of an overlap or because the queue was full. */
  skippedMs: number | null;
  /** The tick that waits for its predecessor to end, in ISO 8601. */
  queued: string | null;
}

/** A schedule whose next tick is due. */
export interface DueSchedule {
  name: string;
  tickMs: number;
  timing: string;
  catchUp: string;
}

/** What the keeper of a queue's schedules has to know. */
export interface DueSchedules {
  nowMs: number;
  due: DueSchedule[];
  /** Until the first tick that is not due yet; `null` if there is none. */
  nextInMs: number | null;
  revision: number;
}

/** Ticks to be made, now that the next one of a schedule is due. */
export interface TickRequest {
  name: string;
  /** What was read: if either has changed since, nothing is done. */
  timing: string;
  tickMs: number;
  ticks: readonly number[];
  /** The tick that is next then; `null` if there is none. */
  nextMs: number | null;
  /** How many tasks may wait. */
  maxLength: number;
}

/** `known`: a task of this id was there already; `full` and `skipped`: none was added; `queued`: it waits for its predecessor. */
export type TickAnswer = 'made' | 'known' | 'full' | 'skipped' | 'queued' | 'refused';

/**
 * Where the schedules of a queue are kept. Every call is one atomic step, and may be repeated. A tick is made in the same step in which the
 * schedule goes on to the next one: so there is one task per tick, whoever tries how often, and none is lost.
 */
export interface ScheduleStore {
  /** Redis's clock, and the last tick of that schedule. */
  clock(partition: Partition, name: string): Promise<{ nowMs: number; lastMs: number | null }>;

  /** @param nextMs its next tick, if it has another timing than before @throws LayoutMismatchError */
  upsert(
    partition: Partition,
    schedule: NewSchedule,
    nextMs: number,
    declaration: Declaration | undefined,
  ): Promise<Upserted>;

  /** @param owner only if it belongs to this one @returns whether it was there */
  remove(partition: Partition, name: string, owner?: string): Promise<boolean>;

  /** @returns whether it is there */
  pause(partition: Partition, name: string): Promise<boolean>;

  /** @returns `changed` if it has another timing than that for which `nextMs` was computed: then nothing was done */
  resume(partition: Partition, name: string, timing: string, nextMs: number): Promise<boolean | 'changed'>;

  /** What is due. @param passedOver how many of them the caller leaves to others, at most; 0 unless given */
  due(partition: Partition, passedOver?: number): Promise<DueSchedules>;

  /** @returns an answer per tick, or `null` where somebody else was quicker @throws LayoutMismatchError */
  tick(partition: Partition, request: TickRequest): Promise<TickAnswer[] | null>;

  /** Adds a task out of turn. @returns `null` if there is no such schedule @throws LayoutMismatchError */
  run(partition: Partition, name: string, id: string, maxLength: number): Promise<TickAnswer | null>;

  get(partition: Partition, name: string): Promise<ScheduleRecord | null>;

  list(partition: Partition): Promise<ScheduleRecord[]>;

  /** In which queues there may be schedules of that owner. */
  queuesOf(owner: string): Promise<string[]>;

  /** Enters that there may be schedules of that owner in these queues. */
  noteQueuesOf(owner: string, queues: readonly string[]): Promise<void>;
}

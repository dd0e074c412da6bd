import type { Retention } from './exchange.js';

/**
 * What can be wrong with a queue. Envelopes are the truth: everything else is put right by them, and no task is dropped.
 *
 * | kind | what was found | how it is mended |
 * |---|---|---|
 * | `scheduledWithoutEnvelope` | an id waits for its time, its envelope is gone | entry removed; its status becomes `failed` (`no data`) |
 * | `deadWithoutEnvelope` | a dead letter whose envelope is gone | entry removed |
 * | `parkedWithoutIndex` | an envelope that is neither scheduled nor dead | back to where its status says; if that says nothing, scheduled and due at once; removed if it has ended |
 * | `scheduledAndDead` | an id that is both | it stays scheduled: what may still run must not end up where nothing runs |
 * | `unlistedWorker` | a worker that holds tasks and has no lease | entered with a lease that has run out: others recover its tasks |
 * | `unnamedLane` | tasks wait in a list of their own that no worker looks at | entered |
 * | `statusWithoutTask` | a status that is not terminal, and no task | it becomes `failed` (`no task`) |
 * | `taskWithoutStatus` | a task whose status is gone | made anew from its envelope |
 * | `wrongStatus` | a status that contradicts the place of its task | it says where the task stands |
 * | `cancelWithoutTask` | something was called off that is neither waiting nor active | forgotten: it would stop a later task of that id |
 * | `wrongRetrying` | a task counted as waiting for its next attempt that does not, or the other way round | counted as its status says |
 * | `silentBell` | tasks wait, nobody claims them, and the bell is empty | rung |
 * | `sameIdTwice` | two tasks of one id | the same task: one of them stays; else one gets an id of its own. Left alone where two workers run them |
 * | `bellWithoutExpiry` | the bell of one worker that would stay for ever | expires within a minute |
 * | `wrongExpiry` | a terminal status that never expires, or another one that does | gets its retention; stays |
 */
export type DamageKind =
  | 'scheduledWithoutEnvelope'
  | 'deadWithoutEnvelope'
  | 'parkedWithoutIndex'
  | 'scheduledAndDead'
  | 'unlistedWorker'
  | 'unnamedLane'
  | 'statusWithoutTask'
  | 'taskWithoutStatus'
  | 'wrongStatus'
  | 'cancelWithoutTask'
  | 'wrongRetrying'
  | 'silentBell'
  | 'sameIdTwice'
  | 'bellWithoutExpiry'
  | 'wrongExpiry';

/** One thing that was found. */
export interface Damage {
  kind: DamageKind;
  /** Of the task; of the worker or the lane where it is about one; empty where it is about the queue. */
  id: string;
  /** Whether it was mended in the same step. */
  repaired: boolean;
}

/** How every step of a repair is to be done. */
export interface RepairMode {
  /** Whether to mend what is found; else nothing is written. */
  mends: boolean;
  retention: Retention;
  /** Whether every task has a status as soon as it waits. */
  withStatus: boolean;
  /** Workers that hold tasks without being on the list, as far as known. */
  unlisted: readonly string[];
}

/** Where a page of a repair is read. */
export type RepairPlace =
  | { kind: 'workers' }
  | { kind: 'held'; worker: string }
  | { kind: 'lanes' }
  | { kind: 'parked' }
  | { kind: 'scheduled' }
  | { kind: 'retrying' }
  | { kind: 'dead' }
  | { kind: 'cancels' }
  | { kind: 'statuses' };

/** How far a walk has come: for the broker to read, and for nobody else. */
export interface RepairCursor {
  position: string;
  size: number;
}

/** A page that was looked through, and mended if so wanted, in atomic steps. */
export interface RepairPage {
  damages: Damage[];
  /**
   * `workers`: those that hold tasks. `lanes`: their names. `held`: the ids. `statuses`: ids that are not terminal and whose tasks must be in a list
   * or in a worker's hands. `cancels`: the ids that were called off.
   */
  ids: string[];
  /** `null` behind the last page. */
  next: RepairCursor | null;
}

/** `queue`, `suspects`, or the name of a lane, as a `RepairPage` says it. */
export type RepairList = string;

export interface RepairListRequest {
  list: RepairList;
  cursor: RepairListCursor | null;
  /** Whether to compare the tasks with their statuses; else only the ids are read. */
  judges: boolean;
  /** Ids that seem to be there twice: where they are met, this is looked into. */
  wanted: ReadonlyMap<string, RepairSighting | null>;
}

/** Where a wanted id was met first in this walk. */
export interface RepairSighting {
  list: RepairList;
  envelope: string;
}

export interface RepairListCursor extends RepairCursor {
  /** The last id before it. */
  last: string;
}

export interface RepairListPage {
  damages: Damage[];
  /** In the order of the list, empty for what has no id yet. */
  ids: string[];
  /** So many of `ids` were in a page before: tasks that were added meanwhile have moved them. */
  seenBefore: number;
  /** Wanted ids that stood in this page, with their envelopes. */
  sightings: { id: string; envelope: string }[];
  next: RepairListCursor | null;
}

import { publicId } from '../broker/partition.js';
import type { TaskRun } from './task-run.js';

/** What a worker is busy with. */
export interface BusyTask {
  /** The public id, `<queue>:<id>`. */
  id: string;
  name: string;
  /** When its handler was called, by Redis's clock. */
  since: Date;
}

/** Of the process. */
export interface ProcessFacts {
  host: string;
  pid: number;
  /** Of this library. */
  version: string;
  /** For how much longer than it should the event loop took to come to a timer, in ms, in the last 10 s or so. */
  eventLoopDelayMs: { p99: number; max: number };
  /** In bytes. */
  memory: { rss: number; heapUsed: number };
}

/** Of its loop for one queue. */
export interface LoopFacts {
  leaseMs: number;
  /** How long the lease lasts of a worker that holds nothing and is alone. */
  restMs: number;
  concurrency: number;
  /** The oldest first, not all where there are many. */
  busy: BusyTask[];
  busyCount: number;
}

/** What a worker tells of itself in each of its queues, as JSON. */
export type WorkerFacts = ProcessFacts & LoopFacts;

/** How many tasks are named. */
const MAX_BUSY = 20;

/** @param runs those that have not ended @param nowMs by Redis's clock */
export function busyWith(runs: readonly TaskRun[], nowMs: number): Pick<LoopFacts, 'busy' | 'busyCount'> {
  const busy = runs.slice(0, MAX_BUSY).map((run) => {
    const { envelope, mode, ranMs } = run;
    return {
      id: publicId(mode.partition, envelope.id),
      name: mode.handler.name,
      since: new Date(Math.round(nowMs - ranMs)),
    };
  });
  return { busy, busyCount: runs.length };
}

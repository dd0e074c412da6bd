import type { Figures } from './figures.js';
import type { Partition } from './partition.js';

/** What a worker tells of itself now and then. */
export interface WorkerReport {
  worker: string;
  /** The next one of this worker has a greater one. Sent again with the same it does not count a second time. */
  number: number;
  /** How the worker gets on, as JSON. */
  facts: string;
  /** What it has done that it has not told yet. */
  figures: Figures;
}

/** A worker whose lease is good. Times are in ms by the clock of the broker. */
export interface ListedWorker {
  worker: string;
  leaseExpiresAt: number;
  /** When this was read. */
  now: number;
  /** As it told last; `null` where it has not yet. */
  facts: string | null;
}

/** For how long the figures of each of these are kept, at the least. */
export const KEPT_MS = { minute: 24 * 3_600_000, hour: 30 * 24 * 3_600_000 } as const;

export const SPAN_MS = { minute: 60_000, hour: 3_600_000 } as const;

/** A span of time of which figures are kept together. */
export type Span = keyof typeof SPAN_MS;

/** What workers tell: who they are, and what they have done. */
export interface ReportStore {
  /** @returns whether it counts: not that of a worker that is not on the list (any more) */
  report(partition: Partition, report: WorkerReport): Promise<boolean>;

  workers(partition: Partition): Promise<ListedWorker[]>;

  /** The figures of each minute or hour from `fromMs` to before `toMs` in which there were any, by when it began. */
  history(partition: Partition, span: Span, fromMs: number, toMs: number): Promise<Map<number, Figures>>;

  /** Somebody works on this queue. */
  enterQueue(queue: string): Promise<void>;

  /** Those that were entered. */
  queues(): Promise<string[]>;

  /** There is nothing in this queue any more. */
  removeQueue(queue: string): Promise<void>;
}

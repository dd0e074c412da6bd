import type { Redis } from 'ioredis';
import type { TaskData, TaskResult } from './task-data.js';

/**
 * One way to run background tasks: the library, or something that it is compared with. To add one, write
 * `peers/<name>.ts` with `export const peer: Peer` and enter it in `peers/index.ts`.
 *
 * All tasks have the name, the queue and the data of `task-data.ts`. Status and result of a completed task are kept, unless it says
 * otherwise.
 */
export interface Peer {
  /** What is measured, with its version. */
  readonly title: string;
  /** How it is set up, where that is a choice. Printed with the figures. */
  readonly setup: string;
  /** Set on what can only add in bulks and drain a backlog: its worker ends where the queue does. */
  readonly onlyDrains?: true;
  /** Set on the library. Set up otherwise than by default it takes part only where that is compared. */
  readonly variant?: Variant;
  /** Redis knows nothing of a task that is completed. */
  readonly keepsNothing?: boolean;
  /** Resolves once it is connected. */
  produce(url: string): Promise<BenchProducer>;
  /** Resolves once it is connected; it begins at once to work on what waits. */
  work(url: string, options: WorkOptions): Promise<BenchWorker>;
  /** For those that can tell a producer how its task ended. Resolves once it is connected. */
  request?(url: string): Promise<BenchRequester>;
  /** For those that can put tasks off. Resolves when all are confirmed and nothing is left of the producer. */
  schedule?(url: string, tasks: readonly DelayedTask[]): Promise<void>;
  /** How many tasks wait or are active. Asked while the clock runs: it must cost Redis next to nothing. */
  unsettled(redis: Redis): Promise<number>;
  /** How many tasks Redis knows as completed, counted exactly. Asked after the clock has stopped. */
  completed(redis: Redis): Promise<number>;
}

/** How the library is set up: by default, with other policies, with guards and the like around its handler, or with features. */
export type Variant = 'default' | 'policies' | 'enhancers' | 'features';

export interface DelayedTask {
  data: TaskData;
  /** In ms since 1970. */
  dueAt: number;
}

export interface BenchProducer {
  /** Resolves when Redis has confirmed the task. */
  add(data: TaskData): Promise<unknown>;
  /** Resolves when Redis has confirmed all of them. */
  addBulk(data: readonly TaskData[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface BenchRequester {
  /** Adds a task and resolves with its result. */
  request(data: TaskData): Promise<TaskResult>;
  close(): Promise<void>;
}

export interface WorkOptions {
  /** The queues to listen to. */
  queues: readonly string[];
  /** Whether tasks will be due meanwhile, for those that have to be told. */
  awaitsDelayed?: boolean;
  /** How many tasks of a queue run at once. */
  concurrency: number;
  /** Called with the data of each task, from an async handler that returns the result. */
  handle: (data: TaskData) => TaskResult | Promise<TaskResult>;
  /** To be called when a task fails or the worker meets an error: the measurement is void then. */
  onError: (error: Error) => void;
}

export interface BenchWorker {
  /** Ends what runs, begins nothing more. Resolves when nothing is left of it, connections included. */
  close(): Promise<void>;
}

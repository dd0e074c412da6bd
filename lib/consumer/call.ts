import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { Processing } from '../telemetry/telemetry.js';
import type { RedisClock } from './redis-clock.js';
import type { TaskRun } from './task-run.js';

/** One call of a handler, which takes one slot: a `TaskRun`, or a `BatchRun` with the runs of several tasks. */
export interface Call {
  readonly mode: { readonly handler: TaskHandlerEntry };
  /** The runs that begin with it, in the order of the queue. */
  readonly runs: readonly TaskRun[];
  /** Whether it begins as soon as there is a slot: not so a batch that still gathers. */
  readonly isReady: boolean;
  /** A worker died that held one of its tasks: it must not begin before all their statuses say that they are active. */
  readonly mustBeMarked: boolean;
  readonly isMarked: boolean;
  readonly isSuspect: boolean;
  /** Milliseconds since the handler was called; since it returned, how long it took. */
  readonly ranMs: number;
  /** By `performance.now()`; 0 while it runs. */
  readonly endedAt: number;
  /** Of one that has begun, where somebody is to be told of it. */
  readonly processing: Processing | undefined;
  /** The first attempt at one of its tasks was to begin before. */
  isExpiredAt(clock: RedisClock): boolean;
  /** Takes these runs out, before it begins. @returns whether any is left */
  drop(runs: ReadonlySet<TaskRun>): boolean;
  start(processing?: Processing): void;
  /** A suspect that takes long is not alone any more. */
  accompany(): void;
}

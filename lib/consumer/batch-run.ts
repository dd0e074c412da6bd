import { AsyncResource } from 'node:async_hooks';
import type { TaskHandlerEntry } from '../handler/task-handler.js';
import type { Processing } from '../telemetry/telemetry.js';
import { batchResults } from './batch-results.js';
import type { Batch, BatchedRun } from './batched-run.js';
import { lastOf, untilOver } from './observed.js';
import type { RedisClock } from './redis-clock.js';
import type { RunResult, TaskRun, TaskRunListener } from './task-run.js';

/** What a batch tells its consumer. */
export interface BatchRunListener extends TaskRunListener {
  /** One of its runs has ended, perhaps before the others. */
  batchedEnded(run: TaskRun, result: RunResult): void;
  /** All of them have: its slot is free. */
  batchEnded(batch: BatchRun): void;
}

/**
 * One call of a batch handler with the tasks that it gets together. It is over when the handler has returned, or when each of its
 * runs has ended by itself. Never larger than `size`.
 */
export class BatchRun implements Batch {
  readonly mode: { readonly handler: TaskHandlerEntry };
  isReady = false;
  endedAt = 0;
  processing: Processing | undefined;
  private members: BatchedRun[] = [];
  private startedAt = 0;
  private underWay = 0;
  /** As that of a `TaskRun`. */
  private readonly scope = new AsyncResource('BatchRun');

  constructor(
    handler: TaskHandlerEntry,
    readonly size: number,
    private readonly listener: BatchRunListener,
  ) {
    this.mode = { handler };
  }

  get runs(): readonly BatchedRun[] {
    return this.members;
  }

  get isFull(): boolean {
    return this.members.length >= this.size;
  }

  get mustBeMarked(): boolean {
    return this.members.some(({ mustBeMarked }) => mustBeMarked);
  }

  get isMarked(): boolean {
    return this.members.every(({ isMarked }) => isMarked);
  }

  /** Then it has no other members. */
  get isSuspect(): boolean {
    return this.members.some(({ isSuspect }) => isSuspect);
  }

  get ranMs(): number {
    return (this.endedAt || performance.now()) - this.startedAt;
  }

  isExpiredAt(clock: RedisClock): boolean {
    return this.members.some((run) => run.isExpiredAt(clock));
  }

  add(run: BatchedRun): void {
    run.batch = this;
    this.members.push(run);
  }

  drop(runs: ReadonlySet<TaskRun>): boolean {
    this.members = this.members.filter((run) => !runs.has(run));
    return this.members.length > 0;
  }

  start(processing?: Processing): void {
    this.startedAt = performance.now();
    this.underWay = this.members.length;
    this.processing = processing;
    const invoke = (): void => void this.invoke();
    this.scope.runInAsyncScope(() => (processing ? processing.run(invoke) : invoke()));
  }

  accompany(): void {
    for (const run of this.members) this.listener.accompanied(run);
  }

  ended(run: BatchedRun, result: RunResult): void {
    this.listener.batchedEnded(run, result);
    if (--this.underWay > 0) return;
    this.endedAt = performance.now();
    this.listener.batchEnded(this);
  }

  /** Never rejects. */
  private async invoke(): Promise<void> {
    const contexts = this.members.map((run) => run.join());
    const data = this.members.map(({ envelope }) => envelope.data);
    const { length } = data;
    let results: readonly RunResult[];
    try {
      const returned: unknown = await this.mode.handler.invoke(data, contexts);
      results = await batchResults(await lastOf(untilOver(returned, contexts), contexts), length);
    } catch (thrown) {
      results = Array.from({ length }, () => ({ thrown }));
    }
    this.endWith(results);
  }

  private endWith(results: readonly RunResult[]): void {
    const ends = this.members.map((run, at) => () => run.endWith(results[at] as RunResult));
    // Of what a shutdown gives back the oldest comes last: it then stands at the head of the queue.
    if (this.members.some(({ abortedFor }) => abortedFor === 'shutdown')) ends.reverse();
    for (const end of ends) end();
  }
}

import type { TaskHandlerEntry } from '../handler/task-handler.js';
import { Alarm } from './alarm.js';
import { BatchRun, type BatchRunListener } from './batch-run.js';
import { BatchedRun } from './batched-run.js';
import type { SlotShare } from './slot-share.js';
import type { TaskRun } from './task-run.js';
import type { WaitingTasks } from './waiting-tasks.js';

/** A batch that is not ready yet. */
interface GatheringBatch {
  batch: BatchRun;
  /** When it is ready however small it is, by `performance.now()`; 0 for as soon as no more can be had. */
  readyAt: number;
  /** Since the last claim was answered. */
  hasGrown: boolean;
}

/**
 * Puts the tasks of one queue that a worker has claimed into batches, as far as their handlers want that. A batch stands in line
 * where its first task stood, and is passed over until it is ready: when it is full, or its handler's `maxWait` is over, or, where
 * that is 0, once Redis has no more for it. It takes no slot before.
 */
export class BatchGathering {
  private readonly gathering = new Map<TaskHandlerEntry, GatheringBatch>();
  /** Whose tasks have waited here before, and were given back because there was no slot. */
  private readonly late = new Set<TaskHandlerEntry>();
  private readonly alarm = new Alarm(() => this.look());

  constructor(
    private readonly waiting: WaitingTasks,
    private readonly share: SlotShare,
    private readonly listener: BatchRunListener,
    private readonly onReady: () => void,
  ) {}

  add(run: TaskRun): void {
    const { handler } = run.mode;
    this.share.learn(handler);
    if (run instanceof BatchedRun && handler.batch) this.gather(run, handler, handler.batch);
    else this.waiting.add(run);
  }

  /** Redis has answered a claim. @param isLast the queue is empty now */
  answered(isLast: boolean): void {
    for (const gathering of this.gathering.values()) {
      if (gathering.readyAt === 0 && (isLast || !gathering.hasGrown)) this.ready(gathering.batch);
      gathering.hasGrown = false;
    }
  }

  /** No more can be had as long as these are held: nobody waits for it. */
  hurry(): void {
    for (const { batch } of this.gathering.values()) this.ready(batch);
  }

  /** These were ready, and have found no slot: the next batch of their handlers does not wait once more. */
  gaveBack(runs: readonly TaskRun[]): void {
    for (const { mode } of runs) if (mode.handler.batch) this.late.add(mode.handler);
  }

  /** Forgets the batches of which nothing is left. */
  tidy(): void {
    for (const [handler, { batch }] of this.gathering) if (batch.runs.length === 0) this.gathering.delete(handler);
    if (this.gathering.size === 0) this.alarm.stop();
  }

  stop(): void {
    this.alarm.stop();
  }

  private gather(
    run: BatchedRun,
    handler: TaskHandlerEntry,
    { size, maxWaitMs }: NonNullable<TaskHandlerEntry['batch']>,
  ): void {
    if (run.isSuspect) return this.isolate(run, handler);
    let gathering = this.gathering.get(handler);
    if (!gathering) {
      const waitMs = this.late.delete(handler) ? 0 : maxWaitMs;
      const batch = new BatchRun(handler, size, this.listener);
      gathering = { batch, readyAt: waitMs === 0 ? 0 : performance.now() + waitMs, hasGrown: true };
      this.gathering.set(handler, gathering);
      this.waiting.gather(batch);
      if (waitMs > 0) this.alarm.set(gathering.readyAt);
    }
    gathering.hasGrown = true;
    gathering.batch.add(run);
    if (gathering.batch.isFull) this.ready(gathering.batch);
  }

  /** What may be to blame for the end of its workers has no company. */
  private isolate(run: BatchedRun, handler: TaskHandlerEntry): void {
    const batch = new BatchRun(handler, 1, this.listener);
    batch.add(run);
    batch.isReady = true;
    this.waiting.add(batch);
  }

  private ready(batch: BatchRun): void {
    this.gathering.delete(batch.mode.handler);
    this.waiting.ready(batch);
    this.onReady();
  }

  private look(): void {
    const now = performance.now();
    for (const { batch, readyAt } of this.gathering.values()) {
      if (readyAt === 0) continue;
      if (readyAt <= now) this.ready(batch);
      else this.alarm.set(readyAt);
    }
  }
}

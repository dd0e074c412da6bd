import type { Retention } from '../exchange.js';
import type { Partition } from '../partition.js';
import { DueTasks } from './due-tasks.js';
import type { MemoryBells } from './memory-bells.js';
import type { Clock } from './memory-clock.js';
import { MemoryLines } from './memory-lines.js';
import { MemoryLogs } from './memory-logs.js';
import { MemoryLocks } from './memory-locks.js';
import { MemoryStatuses } from './memory-statuses.js';
import type { MemoryTask } from './memory-task.js';
import { MemoryTicks } from './memory-ticks.js';
import type { MemoryWatches } from './memory-watches.js';
import { StartTimes } from './start-times.js';

export interface MemoryWorker {
  /** When its lease runs out, in ms; 0 once it was declared dead. */
  expiry: number;
  /** In the order in which they were claimed. */
  readonly held: Map<string, MemoryTask>;
}

/** Is told of every task that is added, or gets other data while it waits. @param due `undefined` for at once */
export type OnAdded = (partition: Partition, task: Readonly<MemoryTask>, due: number | undefined) => void;

/** All that is kept of one partition. A task stands in one of `lines`, `scheduled`, `dead`, and the hands of one worker. */
export class MemoryQueue {
  readonly statuses: MemoryStatuses;
  readonly logs: MemoryLogs;
  readonly lines: MemoryLines;
  readonly scheduled = new DueTasks();
  readonly dead = new Map<string, { task: MemoryTask; diedAt: number }>();
  readonly workers = new Map<string, MemoryWorker>();
  /** Why those were called off that wait in a line or are active, and of which no worker has taken note. */
  readonly cancels = new Map<string, string>();
  readonly locks = new MemoryLocks(this);
  readonly ticks = new MemoryTicks(this);
  readonly starts: StartTimes;
  /** Until when nothing may be claimed, as handlers were told. */
  limitedUntil = 0;
  /** Nothing may be claimed until somebody says so. */
  isPaused = false;

  constructor(
    readonly partition: Partition,
    readonly clock: Clock,
    private readonly bells: MemoryBells,
    watches: MemoryWatches,
    private readonly onAdded: OnAdded,
  ) {
    this.statuses = new MemoryStatuses(clock, (id) => watches.changed(partition, id));
    this.logs = new MemoryLogs(clock);
    this.lines = new MemoryLines(clock);
    this.starts = new StartTimes(clock);
  }

  get heldCount(): number {
    return [...this.workers.values()].reduce((sum, { held }) => sum + held.size, 0);
  }

  /** In ms; `null` where no task is waiting. */
  get longestWait(): number | null {
    const waiting = this.lines.all.filter(({ id }) => !this.cancels.has(id));
    if (waiting.length === 0) return null;
    return this.clock.nowMs - Math.min(...waiting.map(({ waitsSince }) => waitsSince));
  }

  /** Whether some lease has run out. */
  get hasExpired(): boolean {
    return [...this.workers.values()].some(({ expiry }) => expiry < this.clock.nowMs);
  }

  alive(worker: string): MemoryWorker | undefined {
    const found = this.workers.get(worker);
    return found?.expiry === 0 ? undefined : found;
  }

  added(task: MemoryTask, due?: number): void {
    this.onAdded(this.partition, task, due);
  }

  /** What waits for its time. A dead letter of the same id makes room. */
  park(task: MemoryTask, due: number): void {
    this.dead.delete(task.id);
    this.scheduled.add(task, due);
    this.statuses.write(task.id, { due });
    this.ring();
  }

  /** @param attempt the one that failed */
  bury(task: MemoryTask, attempt: number, error: string, ttlMs: number): void {
    const { nowMs } = this.clock;
    if (ttlMs === 0) return this.keepFor(task.id, 0);
    this.dead.delete(task.id);
    this.dead.set(task.id, { task, diedAt: nowMs });
    this.statuses.noteError(task.id, attempt, error);
    this.statuses.write(task.id, { state: 'failed', finished: nowMs });
    this.keepFor(task.id, ttlMs);
  }

  /** Drops dead letters that are older than they are kept. */
  trimDead({ deadLetterTtlMs }: Retention): void {
    for (const [id, { diedAt }] of this.dead) if (diedAt <= this.clock.nowMs - deadLetterTtlMs) this.dead.delete(id);
  }

  markCancelled(id: string, reason: string): void {
    this.statuses.write(id, { state: 'cancelled', reason, finished: this.clock.nowMs, due: undefined });
  }

  endCancelled(id: string, reason: string, ttlMs: number): void {
    this.markCancelled(id, reason);
    this.keepFor(id, ttlMs);
  }

  /** It has ended. Where its status is not kept its log is not either. */
  keepFor(id: string, ttlMs: number): void {
    this.statuses.keepFor(id, ttlMs);
    if (ttlMs === 0) this.logs.delete(id);
  }

  /** Why it was called off: then it must not run any more. */
  takeCancel(id: string): string | undefined {
    const reason = this.cancels.get(id);
    this.cancels.delete(id);
    return reason;
  }

  /** A task may have ended: whoever waits for that is told. @param lock its key, read before */
  ended(id: string, lock: string | undefined, wasCalledOff = false): void {
    this.ticks.ended(id);
    this.locks.ended(id, lock, wasCalledOff);
  }

  ring(): void {
    this.bells.ring(this.partition);
  }

  ringRoom(): void {
    this.bells.ringRoom(this.partition);
  }

  ringWorkers(which: Iterable<string> = this.workers.keys()): void {
    for (const worker of which) this.bells.ringWorker(this.partition, worker);
  }

  /** Forgets all tasks. Workers, and what schedules say, stay. */
  clear(): void {
    for (const part of [
      this.statuses,
      this.logs,
      this.lines,
      this.scheduled,
      this.dead,
      this.cancels,
      this.locks,
      this.starts,
    ]) {
      part.clear();
    }
    for (const { held } of this.workers.values()) held.clear();
    this.ticks.forgetTasks();
    this.limitedUntil = 0;
    this.isPaused = false;
  }
}

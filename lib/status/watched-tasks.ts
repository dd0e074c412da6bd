import type { Partition } from '../broker/partition.js';
import type { TaskStatus } from './task-status.js';

/** One of those who watch a task. */
export interface StatusObserver {
  /** At first where the task stands, and then each change. `null`: there is no status. */
  next(status: TaskStatus | null): void;
  error(error: unknown): void;
}

/** A task that somebody in this process watches. */
export class WatchedTask {
  /** What each of them has seen last, as JSON. */
  private readonly observers = new Map<StatusObserver, string | undefined>();
  private latest: TaskStatus | null = null;

  constructor(
    readonly partition: Partition,
    readonly id: string,
  ) {}

  get isObserved(): boolean {
    return this.observers.size > 0;
  }

  /** Nothing more happens to it, unless somebody has it tried again. */
  get isOver(): boolean {
    return this.latest !== null && isTerminal(this.latest);
  }

  add(observer: StatusObserver): void {
    this.observers.set(observer, undefined);
  }

  remove(observer: StatusObserver): void {
    this.observers.delete(observer);
  }

  /** This is what its status says now. */
  tell(status: TaskStatus | null): void {
    this.latest = status;
    const text = JSON.stringify(status);
    for (const [observer, seen] of this.observers) {
      if (seen === text) continue;
      this.observers.set(observer, text);
      observer.next(status);
    }
  }

  fail(error: unknown): void {
    for (const observer of this.observers.keys()) observer.error(error);
  }
}

export function isTerminal({ state }: TaskStatus): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

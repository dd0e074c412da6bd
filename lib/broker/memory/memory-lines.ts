import type { Clock } from './memory-clock.js';
import { MemoryGroups } from './memory-groups.js';
import { isSuspect, type MemoryTask } from './memory-task.js';

/** Where the tasks of a queue wait for a worker: a line for each priority and each group, the next one first. */
export class MemoryLines {
  readonly groups: MemoryGroups;
  /** Taken one at a time, before all others. */
  readonly suspects: MemoryTask[] = [];
  private readonly byPriority = new Map<number, MemoryTask[]>();

  constructor(private readonly clock: Clock) {
    this.groups = new MemoryGroups(clock);
  }

  /** Those that are not empty, the highest first; 0 in any case, since the groups stand there, too. */
  get priorities(): number[] {
    const used = [...this.byPriority].filter(([priority, line]) => priority === 0 || line.length > 0);
    return [...new Set([0, ...used.map(([priority]) => priority)])].sort((one, other) => other - one);
  }

  /** How many wait that have no group. */
  get ungroupedCount(): number {
    return [...this.byPriority.values()].reduce((sum, { length }) => sum + length, 0);
  }

  get hasAny(): boolean {
    return this.ungroupedCount + this.suspects.length > 0 || this.groups.hasAny;
  }

  /** Whether somebody who looks may find something: not where only groups have any, and all of them rest. */
  get hasTurns(): boolean {
    return this.ungroupedCount > 0 || this.groups.first !== undefined;
  }

  of(priority: number): MemoryTask[] {
    let line = this.byPriority.get(priority);
    if (!line) this.byPriority.set(priority, (line = []));
    return line;
  }

  add(task: MemoryTask, isNext = false): void {
    if (!isNext) task.waitsSince = this.clock.nowMs;
    if (task.group !== undefined) this.groups.add(task.group, task, isNext);
    else if (isNext) this.of(task.priority).unshift(task);
    else this.of(task.priority).push(task);
  }

  /** A worker has held it, or it was due. */
  comeBack(task: MemoryTask, maxLost: number, isNext: boolean): void {
    if (!isSuspect(task, maxLost)) this.add(task, isNext);
    else if (isNext) this.suspects.unshift(task);
    else this.suspects.push(task);
  }

  /** @returns whether it was there */
  move(id: string, from: number, to: number): boolean {
    const line = this.of(from);
    const task = line.findLast((each) => each.id === id);
    if (!task) return false;
    line.splice(line.indexOf(task), 1);
    task.priority = to;
    this.add(task);
    return true;
  }

  /** In the order in which they have their turn, but the groups by their names. */
  get all(): MemoryTask[] {
    const lines = this.priorities.flatMap((priority) => [
      this.of(priority),
      ...(priority === 0 ? this.groups.all : []),
    ]);
    return [this.suspects, ...lines].flat();
  }

  find(id: string): MemoryTask | undefined {
    return this.all.find((task) => task.id === id);
  }

  clear(): void {
    this.byPriority.clear();
    this.suspects.length = 0;
    this.groups.clear();
  }
}

import type { MemoryTask } from './memory-task.js';

interface DueTask {
  task: MemoryTask;
  due: number;
}

/** Tasks that wait for their time, earliest first; what is due at the same moment in the order in which it came. */
export class DueTasks {
  private waiting: DueTask[] = [];

  get size(): number {
    return this.waiting.length;
  }

  /** When the first one is due. */
  get firstDue(): number | undefined {
    return this.waiting[0]?.due;
  }

  get all(): readonly Readonly<DueTask>[] {
    return this.waiting;
  }

  add(task: MemoryTask, due: number): void {
    const at = this.waiting.findIndex((other) => other.due > due);
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, { task, due });
  }

  get(id: string): DueTask | undefined {
    return this.waiting.find(({ task }) => task.id === id);
  }

  remove(id: string): DueTask | undefined {
    const found = this.get(id);
    if (found) this.waiting = this.waiting.filter((each) => each !== found);
    return found;
  }

  /** Takes out those whose time has come. */
  take(nowMs: number): MemoryTask[] {
    const due = this.waiting.filter((each) => each.due <= nowMs);
    this.waiting = this.waiting.slice(due.length);
    return due.map(({ task }) => task);
  }

  clear(): void {
    this.waiting = [];
  }
}

import type { Quarantine } from './quarantine.js';
import type { TaskRun } from './task-run.js';

/**
 * What a worker holds of one queue and has not begun. Most tasks begin in order as slots become free. What a worker died
 * with takes its slot first and begins once Redis has marked it as active, so that a loss is charged to what had begun and
 * to nothing else. A suspect has to pass the quarantine before all that.
 */
export class WaitingTasks {
  private ordinary: TaskRun[] = [];
  private suspects: TaskRun[] = [];
  /** They have their slots, and Redis is being told that they begin. */
  private marking: TaskRun[] = [];
  /** They have their slots, and Redis knows. */
  private marked: TaskRun[] = [];

  constructor(private readonly quarantine: Quarantine) {}

  get size(): number {
    return this.ordinary.length + this.suspects.length + this.slots;
  }

  /** How many slots are taken already. */
  get slots(): number {
    return this.marking.length + this.marked.length;
  }

  get hasSuspect(): boolean {
    return this.suspects.length > 0;
  }

  get hasUnmarked(): boolean {
    return this.ordinary.some(({ isMarked }) => !isMarked);
  }

  add(run: TaskRun): void {
    (run.isSuspect ? this.suspects : this.ordinary).push(run);
  }

  /** Whether `next` would return one, or bring one further. */
  hasNext(hasFreeSlot: boolean): boolean {
    if (this.marked.length > 0) return true;
    const [suspect] = this.suspects;
    if (!hasFreeSlot) return false;
    return (suspect && this.quarantine.admits(suspect)) || (this.ordinary.length > 0 && this.quarantine.isOpen);
  }

  /** Takes out the one that is next: to begin, or to be marked first. */
  next(hasFreeSlot: boolean): TaskRun | undefined {
    if (this.marked.length > 0) return this.marked.shift();
    if (!hasFreeSlot) return undefined;
    const [suspect] = this.suspects;
    if (suspect && this.quarantine.enter(suspect)) return this.suspects.shift();
    return this.quarantine.isOpen ? this.ordinary.shift() : undefined;
  }

  /** Keeps it, with its slot, until Redis has marked it. */
  mark(run: TaskRun): void {
    this.marking.push(run);
  }

  /** Redis has marked it. */
  confirm(id: string): void {
    const at = this.marking.findIndex(({ envelope }) => envelope.id === id);
    for (const run of at < 0 ? [] : this.marking.splice(at, 1)) {
      run.isMarked = true;
      this.marked.push(run);
    }
  }

  /** Takes out some of them. @returns them in the order of the queue */
  remove(which: (run: TaskRun) => boolean): TaskRun[] {
    const removed = [...this.marked, ...this.marking, ...this.suspects, ...this.ordinary].filter(which);
    if (removed.length === 0) return removed;
    const stays = (run: TaskRun): boolean => !which(run);
    this.ordinary = this.ordinary.filter(stays);
    this.suspects = this.suspects.filter(stays);
    this.marking = this.marking.filter(stays);
    this.marked = this.marked.filter(stays);
    for (const run of removed) this.quarantine.leave(run);
    return removed;
  }

  /** Takes out what neither has a slot nor is the suspect whose turn it is. */
  removeAhead(): TaskRun[] {
    const ahead = new Set([...this.ordinary, ...this.suspects.filter((run) => !this.quarantine.has(run))]);
    return this.remove((run) => ahead.has(run));
  }
}

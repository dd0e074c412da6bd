import type { BatchRun } from './batch-run.js';
import type { Call } from './call.js';
import type { Quarantine } from './quarantine.js';
import type { TaskRun } from './task-run.js';

/**
 * What a worker holds of one queue and has not begun. Most tasks begin in order as slots become free. What a worker died
 * with takes its slot first and begins once Redis has marked it as active, so that a loss is charged to what had begun and
 * to nothing else. A suspect has to pass the quarantine before all that.
 */
export class WaitingTasks {
  private ordinary: Call[] = [];
  /** How many of these are batches that still gather: they are passed over, and take no slot. */
  private gathering = 0;
  private suspects: Call[] = [];
  /** They have their slots, and Redis is being told that they begin. */
  private marking: Call[] = [];
  /** They have their slots, and Redis knows. */
  private marked: Call[] = [];

  constructor(private readonly quarantine: Quarantine) {}

  /** How many slots it takes, or will take. */
  get size(): number {
    return this.ordinary.length - this.gathering + this.suspects.length + this.slots;
  }

  /** How many slots are taken already. */
  get slots(): number {
    return this.marking.length + this.marked.length;
  }

  get hasSuspect(): boolean {
    return this.suspects.length > 0;
  }

  get hasUnmarked(): boolean {
    return this.ordinary.some(({ isReady, isMarked }) => isReady && !isMarked);
  }

  add(call: Call): void {
    (call.isSuspect ? this.suspects : this.ordinary).push(call);
  }

  /** It stands in line from now on, and is passed over until it is ready. */
  gather(batch: BatchRun): void {
    this.ordinary.push(batch);
    this.gathering++;
  }

  ready(batch: BatchRun): void {
    batch.isReady = true;
    this.gathering--;
  }

  /** Whether `next` would return one, or bring one further. */
  hasNext(hasFreeSlot: boolean): boolean {
    if (this.marked.length > 0) return true;
    const [suspect] = this.suspects;
    if (!hasFreeSlot) return false;
    return (
      (suspect && this.quarantine.admits(suspect)) || (this.ordinary.length > this.gathering && this.quarantine.isOpen)
    );
  }

  /** Takes out the one that is next: to begin, or to be marked first. */
  next(hasFreeSlot: boolean): Call | undefined {
    if (this.marked.length > 0) return this.marked.shift();
    if (!hasFreeSlot) return undefined;
    const [suspect] = this.suspects;
    if (suspect && this.quarantine.enter(suspect)) return this.suspects.shift();
    if (!this.quarantine.isOpen) return undefined;
    return this.gathering === 0 ? this.ordinary.shift() : this.nextReady();
  }

  /** Keeps it, with its slot, until Redis has marked it. */
  mark(call: Call): void {
    this.marking.push(call);
  }

  /** Redis has marked some: what is marked as a whole may begin. */
  confirm(): void {
    if (this.marking.length === 0) return;
    this.marked.push(...this.marking.filter(({ isMarked }) => isMarked));
    this.marking = this.marking.filter(({ isMarked }) => !isMarked);
  }

  /** Takes out some of them. */
  remove(which: (run: TaskRun) => boolean): TaskRun[] {
    const calls = [...this.marked, ...this.marking, ...this.suspects, ...this.ordinary];
    const removed = calls.flatMap(({ runs }) => runs).filter(which);
    if (removed.length === 0) return removed;
    const gone = new Set(removed);
    const left = new Set(calls.filter((call) => call.drop(gone)));
    const stays = (call: Call): boolean => left.has(call);
    this.ordinary = this.ordinary.filter(stays);
    this.gathering = this.ordinary.filter(({ isReady }) => !isReady).length;
    this.suspects = this.suspects.filter(stays);
    this.marking = this.marking.filter(stays);
    this.marked = this.marked.filter(stays);
    for (const call of calls) if (!stays(call)) this.quarantine.leave(call);
    // What a batch was waiting for may be gone.
    this.confirm();
    return removed;
  }

  /** Takes out what neither has a slot nor is the suspect whose turn it is, nor gathers. */
  removeAhead(): TaskRun[] {
    const ready = this.ordinary.filter(({ isReady }) => isReady);
    const ahead = new Set([...ready, ...this.suspects.filter((call) => !this.quarantine.has(call))]);
    return this.remove(({ call }) => ahead.has(call));
  }

  private nextReady(): Call | undefined {
    const at = this.ordinary.findIndex(({ isReady }) => isReady);
    return at < 0 ? undefined : this.ordinary.splice(at, 1)[0];
  }
}

import type { GroupLimits } from '../task-steering.js';
import type { Clock } from './memory-clock.js';
import type { MemoryTask } from './memory-task.js';

/** When a group that rests is looked at in any case. */
export const REST_MS = 15_000;
/** What has no group takes turns with the groups as if it were one. */
export const UNGROUPED = '';

/**
 * The groups of one queue: what waits in each, whose turn it is, and what workers hold. A group that may not run more rests, and stands
 * at the end of the ring when it goes on.
 */
export class MemoryGroups {
  private readonly lists = new Map<string, MemoryTask[]>();
  private readonly limits = new Map<string, GroupLimits>();
  /** The first one has its turn. */
  private ring: string[] = [];
  private readonly resting = new Map<string, number>();
  /** The groups of held tasks, by id, where their number is bounded. */
  private readonly slots = new Map<string, string>();
  /** Of the turn that is under way, if a group has more than one task in it. */
  private turnLeft: { group: string; count: number } | undefined;

  constructor(private readonly clock: Clock) {}

  get first(): string | undefined {
    return this.ring[0];
  }

  get isAlone(): boolean {
    return this.ring.length === 1;
  }

  /** When the first of those that rest is looked at. */
  get wakesAt(): number {
    return Math.min(...this.resting.values());
  }

  /** By their names. */
  get all(): MemoryTask[][] {
    return [...this.lists].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, list]) => list);
  }

  get hasAny(): boolean {
    return this.all.some(({ length }) => length > 0);
  }

  of(group: string): MemoryTask[] {
    let list = this.lists.get(group);
    if (!list) this.lists.set(group, (list = []));
    return list;
  }

  limitsOf(group: string): GroupLimits {
    return this.limits.get(group) ?? {};
  }

  setLimits(group: string, limits: GroupLimits): void {
    this.limits.set(group, limits);
    this.wake(group);
  }

  add(group: string, task: MemoryTask, isNext: boolean): void {
    if (isNext) this.of(group).unshift(task);
    else this.of(group).push(task);
    if (!this.ring.includes(group) && !this.resting.has(group)) this.ring.push(group);
  }

  /** Before anything is claimed. */
  begin(hasUngrouped: boolean): void {
    for (const [group, at] of this.resting) if (at <= this.clock.nowMs) this.wake(group);
    if (hasUngrouped && this.ring.length > 0 && !this.ring.includes(UNGROUPED)) this.ring.push(UNGROUPED);
  }

  /** It has nothing (more) that waits. */
  leave(group: string): void {
    this.ring = this.ring.filter((each) => each !== group);
  }

  rest(group: string, until: number): void {
    this.leave(group);
    this.resting.set(group, until);
  }

  /** How many more of its tasks workers may hold. @param concurrency 0 for any number */
  freeSlots(group: string, concurrency: number): number {
    if (concurrency === 0) return Infinity;
    return concurrency - [...this.slots.values()].filter((each) => each === group).length;
  }

  takeSlot(id: string, group: string): void {
    this.slots.set(id, group);
  }

  /** It is not held any more. */
  freeSlot(id: string): void {
    const group = this.slots.get(id);
    if (group === undefined) return;
    this.slots.delete(id);
    this.wake(group);
  }

  /** One of its tasks was taken. @param free how many more could have been held before that */
  hadTurn(group: string, free: number): void {
    const { weight = 1 } = this.limitsOf(group);
    const before = this.turnLeft?.group === group ? this.turnLeft.count : weight;
    const isThrough = this.of(group).length === 0;
    if (before > 1 && !isThrough && free > 1) {
      this.turnLeft = { group, count: before - 1 };
      return;
    }
    this.turnLeft = undefined;
    if (isThrough) this.leave(group);
    else if (free <= 1) this.rest(group, this.clock.nowMs + REST_MS);
    else this.toTheEnd(group);
  }

  toTheEnd(group: string): void {
    this.leave(group);
    this.ring.push(group);
  }

  clear(): void {
    this.lists.clear();
    this.limits.clear();
    this.ring = [];
    this.resting.clear();
    this.slots.clear();
    this.turnLeft = undefined;
  }

  private wake(group: string): void {
    if (this.resting.delete(group) && this.of(group).length > 0) this.ring.push(group);
  }
}

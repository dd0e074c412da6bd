import { type NewSchedule, type ScheduleRecord, TICK_PREFIX } from '../schedule-store.js';
import type { MemoryQueue } from './memory-queue.js';
import { memoryTask } from './memory-task.js';

/** A schedule as it stands. `nextMs` is kept while it is paused, and counts for nothing then. */
export interface MemorySchedule extends ScheduleRecord {
  /** The id of the task that its last tick became. */
  current: string | undefined;
}

/** How the schedules of one queue become tasks. */
export class MemoryTicks {
  readonly byName = new Map<string, MemorySchedule>();
  /** How often they have changed. */
  revision = 0;

  constructor(private readonly queue: MemoryQueue) {}

  /** When the first one ticks next that is not among these. */
  nextMs(off: ReadonlySet<string>): number {
    const on = [...this.byName.values()].filter(({ name, isPaused }) => !isPaused && !off.has(name));
    return Math.min(...on.map((schedule) => schedule.nextMs ?? Infinity));
  }

  /** What the schedules are has changed: every worker is told to look. */
  announce(): void {
    this.revision++;
    this.queue.ringWorkers();
  }

  /** Adds the task of a tick, whose time makes its id. @returns whether there was none of that id */
  add(schedule: MemorySchedule, at: string): boolean {
    const id = `${TICK_PREFIX}${schedule.name}:${at}`;
    schedule.current = id;
    return this.create(schedule, id);
  }

  /** @returns whether there was no task of that id */
  create({ body, task: name, expiresInMs }: NewSchedule, id: string): boolean {
    const { statuses, lines, clock } = this.queue;
    const envelope = `{${body}`;
    const { priority = 0, group } = JSON.parse(envelope) as { priority?: number; group?: string };
    if (statuses.create(id, { state: 'waiting', name, token: '', priority, group }) !== 'created') return false;
    const expiresAt = expiresInMs === undefined ? undefined : clock.nowMs + expiresInMs;
    const task = memoryTask({ id, name, envelope, priority, group }, clock.nowMs, expiresAt);
    lines.add(task);
    this.queue.added(task);
    this.queue.ring();
    return true;
  }

  /** A task has ended: if it is the one of a tick that another tick waits for, that one is next. */
  ended(id: string): void {
    if (!id.startsWith(TICK_PREFIX) || !this.queue.statuses.hasEnded(id)) return;
    for (const schedule of this.byName.values()) {
      const { queued } = schedule;
      if (schedule.current !== id || queued === null) continue;
      schedule.queued = null;
      this.add(schedule, queued);
    }
  }

  forgetTasks(): void {
    for (const schedule of this.byName.values()) Object.assign(schedule, { current: undefined, queued: null });
  }
}

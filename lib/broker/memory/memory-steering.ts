import type { DeadLetter } from '../task-broker.js';
import type { TaskState } from '../task-state.js';
import type { MemoryQueue } from './memory-queue.js';
import { type MemoryTask, reset, toEnvelope } from './memory-task.js';

/** What somebody does from outside to single tasks of one queue. */
export class MemorySteering {
  constructor(private readonly queue: MemoryQueue) {}

  cancel(id: string, reason: string, ttlMs: number): TaskState | null {
    const { queue } = this;
    for (const [name, { held }] of queue.workers) {
      if (!held.has(id)) continue;
      if (!queue.cancels.has(id)) queue.cancels.set(id, reason);
      queue.ringWorkers([name]);
      return 'active';
    }
    const { state, lock } = queue.statuses.get(id) ?? {};
    if (state === undefined) return null;
    const waits = state === 'waiting' || state === 'active';
    const isScheduled = state === 'scheduled' || state === 'retrying';
    if (waits) {
      queue.cancels.set(id, reason);
      queue.markCancelled(id, reason);
    } else if (isScheduled) {
      queue.scheduled.remove(id);
      queue.endCancelled(id, reason, ttlMs);
    }
    queue.ended(id, lock, waits || isScheduled);
    return waits ? 'waiting' : state;
  }

  reschedule(id: string, due: number): boolean {
    const { scheduled, statuses } = this.queue;
    const found = scheduled.remove(id);
    if (!found) return false;
    const { task } = found;
    if (task.expiresAt !== undefined) task.expiresAt += due - found.due;
    scheduled.add(task, due);
    if (statuses.get(id)) statuses.write(id, { due });
    this.queue.ring();
    return true;
  }

  reprioritize(id: string, priority: number): boolean {
    const { scheduled, statuses, lines } = this.queue;
    const { state, group, priority: before = 0 } = statuses.get(id) ?? {};
    const waiting = scheduled.get(id)?.task;
    if (waiting ? waiting.group !== undefined : state !== 'waiting' || group !== undefined) return false;
    if (waiting) waiting.priority = priority;
    else if (before !== priority && !lines.move(id, before, priority)) return false;
    if (statuses.get(id)) statuses.write(id, { priority });
    this.queue.ring();
    return true;
  }

  /** From the oldest on. */
  deadLetters(after: Pick<DeadLetter, 'id' | 'diedAt'> | null, count: number): DeadLetter[] {
    const letters = this.letters();
    let first = 0;
    if (after) {
      const at = letters.findIndex(({ id, diedAt }) => id === after.id && diedAt === after.diedAt);
      first = at >= 0 ? at + 1 : letters.filter(({ diedAt }) => diedAt < after.diedAt).length;
    }
    return letters.slice(first, first + count);
  }

  get lastDeath(): number | null {
    return this.letters().at(-1)?.diedAt ?? null;
  }

  /** That of an earlier task of an id that is in use again is dropped. */
  revive(ids: readonly string[]): string[] {
    const { statuses, lines } = this.queue;
    return [...new Set(ids)].filter((id) => {
      const task = this.takeLetter(id);
      if (!task) return false;
      reset(task);
      lines.add(task);
      const fresh = { progress: undefined, lostWith: undefined, hadCompany: undefined, spared: undefined };
      const unstarted = { attempt: undefined, started: undefined, finished: undefined, expires: undefined };
      statuses.write(id, { state: 'waiting', error: undefined, earlierErrors: undefined, ...fresh, ...unstarted });
      statuses.introduce(task);
      this.queue.ring();
      return true;
    });
  }

  discard(id: string): boolean {
    if (!this.takeLetter(id)) return false;
    this.queue.statuses.delete(id);
    return true;
  }

  private letters(): DeadLetter[] {
    const letters = [...this.queue.dead].map(([id, { task, diedAt }]): DeadLetter => {
      const { name = null, error = null } = this.queue.statuses.get(id) ?? {};
      return { id, diedAt, bytes: Buffer.byteLength(toEnvelope(task)), name, error };
    });
    return letters.sort((one, other) => one.diedAt - other.diedAt || (one.id < other.id ? -1 : 1));
  }

  private takeLetter(id: string): MemoryTask | undefined {
    const letter = this.queue.dead.get(id);
    this.queue.dead.delete(id);
    const state = this.queue.statuses.get(id)?.state;
    return state === undefined || state === 'failed' ? letter?.task : undefined;
  }
}

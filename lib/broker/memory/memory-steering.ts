import type { Partition } from '../partition.js';
import type { Due } from '../task-broker.js';
import type { TaskState } from '../task-state.js';
import type { DeadLetter, GroupLimits, TaskSteering } from '../task-steering.js';
import { MemoryAdding } from './memory-adding.js';
import type { MemoryQueue } from './memory-queue.js';
import { type MemoryTask, reset, toEnvelope } from './memory-task.js';

export class MemorySteering implements TaskSteering {
  constructor(private readonly queue: (partition: Partition) => MemoryQueue) {}

  async cancel(partition: Partition, id: string, reason: string, ttlMs: number): Promise<TaskState | null> {
    const queue = this.queue(partition);
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

  async reschedule(partition: Partition, id: string, when: Due): Promise<boolean> {
    const queue = this.queue(partition);
    const { scheduled, statuses } = queue;
    const due = new MemoryAdding(queue).dueAt(when);
    const found = scheduled.remove(id);
    if (!found) return false;
    const { task } = found;
    if (task.expiresAt !== undefined) task.expiresAt += due - found.due;
    scheduled.add(task, due);
    if (statuses.get(id)) statuses.write(id, { due });
    queue.ring();
    return true;
  }

  async reprioritize(partition: Partition, id: string, priority: number): Promise<boolean> {
    const queue = this.queue(partition);
    const { scheduled, statuses, lines } = queue;
    const { state, group, priority: before = 0 } = statuses.get(id) ?? {};
    const waiting = scheduled.get(id)?.task;
    if (waiting ? waiting.group !== undefined : state !== 'waiting' || group !== undefined) return false;
    if (waiting) waiting.priority = priority;
    else if (before !== priority && !lines.move(id, before, priority)) return false;
    if (statuses.get(id)) statuses.write(id, { priority });
    queue.ring();
    return true;
  }

  async setGroup(partition: Partition, group: string, limits: GroupLimits): Promise<void> {
    const queue = this.queue(partition);
    queue.lines.groups.setLimits(group, limits);
    queue.ring();
  }

  /** From the oldest on. */
  async deadLetters(
    partition: Partition,
    after: Pick<DeadLetter, 'id' | 'diedAt'> | null,
    count: number,
  ): Promise<DeadLetter[]> {
    const letters = lettersOf(this.queue(partition));
    let first = 0;
    if (after) {
      const at = letters.findIndex(({ id, diedAt }) => id === after.id && diedAt === after.diedAt);
      first = at >= 0 ? at + 1 : letters.filter(({ diedAt }) => diedAt < after.diedAt).length;
    }
    return letters.slice(first, first + count);
  }

  async lastDeath(partition: Partition): Promise<number | null> {
    return lettersOf(this.queue(partition)).at(-1)?.diedAt ?? null;
  }

  /** That of an earlier task of an id that is in use again is dropped. */
  async revive(partition: Partition, ids: readonly string[]): Promise<string[]> {
    const queue = this.queue(partition);
    const { statuses, lines } = queue;
    return [...new Set(ids)].filter((id) => {
      const task = takeLetter(queue, id);
      if (!task) return false;
      reset(task);
      lines.add(task);
      const fresh = { progress: undefined, lostWith: undefined, hadCompany: undefined, spared: undefined };
      const unstarted = { attempt: undefined, started: undefined, finished: undefined, expires: undefined };
      statuses.write(id, { state: 'waiting', error: undefined, earlierErrors: undefined, ...fresh, ...unstarted });
      statuses.introduce(task);
      queue.ring();
      return true;
    });
  }

  async discard(partition: Partition, id: string): Promise<boolean> {
    const queue = this.queue(partition);
    if (!takeLetter(queue, id)) return false;
    queue.statuses.delete(id);
    queue.logs.delete(id);
    return true;
  }

  async remove(partition: Partition, id: string): Promise<boolean> {
    const queue = this.queue(partition);
    const { statuses, workers, scheduled, lines, cancels } = queue;
    if ([...workers.values()].some(({ held }) => held.has(id))) return false;
    const { state, lock } = statuses.get(id) ?? {};
    const stood = [scheduled.remove(id) !== undefined, takeLetter(queue, id) !== undefined, lines.remove(id)];
    if (state === undefined && !stood.includes(true)) return false;
    cancels.delete(id);
    statuses.delete(id);
    queue.logs.delete(id);
    queue.ended(id, lock, true);
    return true;
  }
}

function lettersOf({ dead, statuses }: MemoryQueue): DeadLetter[] {
  const letters = [...dead].map(([id, { task, diedAt }]): DeadLetter => {
    const { name = null, error = null } = statuses.get(id) ?? {};
    return { id, diedAt, bytes: Buffer.byteLength(toEnvelope(task)), name, error };
  });
  return letters.sort((one, other) => one.diedAt - other.diedAt || (one.id < other.id ? -1 : 1));
}

function takeLetter({ dead, statuses }: MemoryQueue, id: string): MemoryTask | undefined {
  const letter = dead.get(id);
  dead.delete(id);
  const state = statuses.get(id)?.state;
  return state === undefined || state === 'failed' ? letter?.task : undefined;
}

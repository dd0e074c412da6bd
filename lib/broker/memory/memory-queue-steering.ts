import { NotInMemoryError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import type { BulkFilter, BulkPage, BulkWalk, QueueSteering } from '../queue-steering.js';
import type { TaskState } from '../task-state.js';
import type { MemoryQueue } from './memory-queue.js';
import { type MemoryTask, toEnvelope } from './memory-task.js';

/** All of a walk is one page. */
export class MemoryQueueSteering implements QueueSteering {
  constructor(
    private readonly queue: (partition: Partition) => MemoryQueue,
    private readonly clockOf: { readonly nowMs: number },
  ) {}

  async pause(partition: Partition): Promise<boolean> {
    const queue = this.queue(partition);
    const wasPaused = queue.isPaused;
    queue.isPaused = true;
    return !wasPaused;
  }

  async resume(partition: Partition): Promise<boolean> {
    const queue = this.queue(partition);
    const wasPaused = queue.isPaused;
    queue.isPaused = false;
    if (!wasPaused) return false;
    queue.ringWorkers();
    queue.ring();
    queue.ringRoom();
    return true;
  }

  async isPaused(partition: Partition): Promise<boolean> {
    return this.queue(partition).isPaused;
  }

  async clock(): Promise<number> {
    return this.clockOf.nowMs;
  }

  async lists(): Promise<string[]> {
    return [''];
  }

  async walk(partition: Partition, { place, action, filter, isDry }: BulkWalk): Promise<BulkPage> {
    if (action.kind !== 'end' || place.kind === 'dead') throw new NotInMemoryError('move');
    const queue = this.queue(partition);
    const { lines, scheduled, statuses } = queue;
    const isInLine = place.kind === 'list';
    const calledOff = isInLine && !isDry ? lines.all.filter(({ id }) => queue.cancels.has(id)) : [];
    for (const { id } of calledOff) {
      lines.remove(id);
      queue.takeCancel(id);
      queue.keepFor(id, action.ttlMs);
    }
    const state = isInLine ? undefined : place.state;
    const tasks = (isInLine ? lines.all : scheduled.all.map(({ task }) => task)).filter(
      (task) => !queue.cancels.has(task.id) && isMeant(queue, task, filter, state),
    );
    for (const { id } of isDry ? [] : tasks) {
      const lock = statuses.get(id)?.lock;
      if (isInLine) lines.remove(id);
      else scheduled.remove(id);
      queue.endCancelled(id, action.reason, action.ttlMs);
      queue.ended(id, lock, true);
    }
    return { done: tasks.length, kept: 0, next: null };
  }

  async purge(): Promise<never> {
    throw new NotInMemoryError('purge');
  }

  async erase(): Promise<never> {
    throw new NotInMemoryError('obliterate');
  }
}

function isMeant(
  { statuses }: MemoryQueue,
  task: MemoryTask,
  { name, text, addedUntilMs }: BulkFilter,
  state: TaskState | undefined,
): boolean {
  const status = statuses.get(task.id);
  if (state !== undefined && status?.state !== state) return false;
  if (name !== undefined && task.name !== name) return false;
  if (text !== undefined && !toEnvelope(task).includes(text)) return false;
  return addedUntilMs === undefined || (status?.created ?? task.addedAt) <= addedUntilMs;
}

import { NotInMemoryError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import type { BulkPage, BulkWalk, QueueSteering } from '../queue-steering.js';
import type { MemoryQueue } from './memory-queue.js';
import type { MemoryTask } from './memory-task.js';
import { toEnvelope } from './memory-task.js';

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
    const state = place.kind === 'scheduled' ? place.state : undefined;
    const isWanted = (task: MemoryTask): boolean =>
      !queue.cancels.has(task.id) &&
      (state === undefined || statuses.get(task.id)?.state === state) &&
      (filter.name === undefined || task.name === filter.name) &&
      (filter.text === undefined || toEnvelope(task).includes(filter.text)) &&
      (filter.addedUntilMs === undefined || addedAt(queue, task) <= filter.addedUntilMs);
    const tasks = (place.kind === 'list' ? lines.all : scheduled.all).filter(isWanted);
    for (const { id } of isDry ? [] : tasks) {
      const lock = statuses.get(id)?.lock;
      if (place.kind === 'list') lines.remove(id);
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

function addedAt({ statuses }: MemoryQueue, task: MemoryTask): number {
  return statuses.get(task.id)?.created ?? task.addedAt;
}

import { type Partition, publicId, queueOf } from '../broker/partition.js';
import type { Enqueued, NewTask } from '../broker/task-broker.js';

/** What became of an `add`. */
export interface AddedTask {
  /** The public id, `<queue>:<id>`, for `TaskStatusService.get`. */
  id: string;
  queue: string;
  /** Whether a task was added. */
  created: boolean;
  /**
   * `created`; or `duplicate`, if nothing was added since a task was there that has this id, or holds the key of `unique` or `throttle`;
   * or `replaced`, if what `debounce` found waiting has the new data from now on. `id` is that of the task that is there.
   */
  outcome: 'created' | 'duplicate' | 'replaced';
}

/** By what Redis answered. */
export function addedTask(
  partition: Partition,
  { id }: NewTask,
  enqueued: Exclude<Enqueued, 'full' | 'refused'>,
): AddedTask {
  const queue = queueOf(partition);
  if (enqueued === 'created') return { id: publicId(partition, id), queue, created: true, outcome: 'created' };
  if (enqueued === 'known') return { id: publicId(partition, id), queue, created: false, outcome: 'duplicate' };
  if ('heldBy' in enqueued) {
    return { id: publicId(partition, enqueued.heldBy), queue, created: false, outcome: 'duplicate' };
  }
  return { id: publicId(partition, enqueued.replaced), queue, created: false, outcome: 'replaced' };
}

import type { Partition } from '../broker/partition.js';
import type { PlacedTask } from '../broker/placed-task.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { toStatus } from '../status/status-reader.js';
import type { TaskStatus } from '../status/task-status.js';

/** What a place tells of a task beside its status. */
export interface TaskPlace {
  /**
   * `null` where they are gone: of what is completed or cancelled. Of what is no task, since somebody has pushed something else, the
   * text as it stands there.
   */
  data: unknown;
  /** The worker that holds it, perhaps fetched ahead; `null` unless the task is `active`. */
  worker: string | null;
}

/** Where a task stands, and what it carries. */
export interface FoundTask extends TaskStatus, TaskPlace {}

/** @param searches whether what has no status may wait */
export async function findTask(
  broker: TaskBroker,
  partition: Partition,
  id: string,
  searches: boolean,
): Promise<FoundTask | null> {
  const found = await broker.listing.find(partition, id, searches);
  return found && toFoundTask(partition, id, found);
}

export function toFoundTask(partition: Partition, id: string, { record, data, worker }: PlacedTask): FoundTask {
  return { ...toStatus(partition, id, record), data, worker };
}

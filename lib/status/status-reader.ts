import { type Partition, publicId, queueOf } from '../broker/partition.js';
import type { StatusRecord, TaskBroker } from '../broker/task-broker.js';
import type { TaskFailure, TaskStatus } from './task-status.js';

/** How many statuses one round trip reads. */
const PAGE = 500;

/** Reads statuses of one partition. @returns one status or `null` per id, in the order of the ids */
export async function readStatuses(
  broker: TaskBroker,
  partition: Partition,
  ids: readonly string[],
): Promise<(TaskStatus | null)[]> {
  const statuses: (TaskStatus | null)[] = [];
  for (let start = 0; start < ids.length; start += PAGE) {
    const page = ids.slice(start, start + PAGE);
    const records = await broker.statuses(partition, page);
    statuses.push(
      ...page.map((id, row) => {
        const record = records[row];
        return record ? toStatus(partition, id, record) : null;
      }),
    );
  }
  return statuses;
}

export function toStatus(partition: Partition, id: string, record: StatusRecord): TaskStatus {
  return {
    id: publicId(partition, id),
    queue: queueOf(partition),
    name: record.name,
    state: record.state,
    priority: record.priority,
    group: record.group,
    attempt: record.attempt,
    createdAt: toDate(record.created),
    startedAt: toDate(record.started),
    finishedAt: toDate(record.finished),
    dueAt: toDate(record.due),
    progress: parse(record.progress),
    result: parse(record.result),
    unrecorded: record.unrecorded,
    reason: record.reason,
    error: record.error === null ? null : toFailure(parse(record.error)),
    earlierErrors: record.earlierErrors.map(({ attempt, error }) => ({ attempt, ...toFailure(parse(error)) })),
  };
}

function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

/** Text that is no JSON was written by hand, and is answered as it stands. */
function parse(json: string | null): unknown {
  if (json === null) return null;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function toFailure(error: unknown): TaskFailure {
  const isFailure = typeof error === 'object' && error !== null && 'name' in error && 'message' in error;
  return isFailure ? (error as TaskFailure) : { name: 'Error', message: JSON.stringify(error) };
}

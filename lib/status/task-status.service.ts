import { parsePublicId, publicId, queueOf, type Partition } from '../broker/partition.js';
import type { StatusRecord, TaskBroker } from '../broker/task-broker.js';
import { InvalidTaskError } from '../errors/index.js';
import type { TaskFailure, TaskStatus } from './task-status.js';

/** How many statuses one round trip reads. */
const PAGE = 500;

/**
 * Tells where tasks stand.
 *
 * @example
 * const status = await taskStatus.get(id); // { state: 'completed', result, … }
 */
export class TaskStatusService {
  constructor(private readonly broker: TaskBroker) {}

  /**
   * @param id the public id that `add` answered, `<queue>:<id>`
   * @returns `null` if there is no such task, or its status has expired
   * @throws TaskQueueError `INVALID_ID` (no text), `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async get(id: string): Promise<TaskStatus | null> {
    return (await this.getMany([id]))[0] ?? null;
  }

  /** As `get` for any number of ids. @returns one status or `null` per id, in the order of the ids */
  async getMany(ids: readonly string[]): Promise<(TaskStatus | null)[]> {
    if (!Array.isArray(ids)) throw new InvalidTaskError('INVALID_ID', ids);
    const statuses = ids.map((): TaskStatus | null => null);
    const byPartition = new Map<Partition, { index: number; id: string }[]>();
    ids.forEach((text, index) => {
      if (typeof text !== 'string') throw new InvalidTaskError('INVALID_ID', text);
      const parsed = parsePublicId(text);
      if (!parsed) return;
      const rows = byPartition.get(parsed.partition) ?? [];
      rows.push({ index, id: parsed.id });
      byPartition.set(parsed.partition, rows);
    });
    for (const [partition, rows] of byPartition) {
      for (let start = 0; start < rows.length; start += PAGE) {
        const page = rows.slice(start, start + PAGE);
        const records = await this.broker.statuses(
          partition,
          page.map(({ id }) => id),
        );
        page.forEach(({ index, id }, row) => {
          const record = records[row];
          if (record) statuses[index] = toStatus(partition, id, record);
        });
      }
    }
    return statuses;
  }
}

function toStatus(partition: Partition, id: string, record: StatusRecord): TaskStatus {
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

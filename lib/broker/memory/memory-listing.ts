import { InvalidCursorError } from '../../errors/index.js';
import { readStored } from '../envelope.js';
import type { Partition } from '../partition.js';
import { type Place, type PlacedTask, placedTask } from '../placed-task.js';
import type { StatusRecord } from '../task-broker.js';
import type { TaskListing, Walk, WalkStep } from '../task-listing.js';
import type { TaskState } from '../task-state.js';
import type { MemoryQueue } from './memory-queue.js';
import { type MemoryTask, toEnvelope } from './memory-task.js';

/** How many of those are told that ended last. */
const RECENT_MAX = 1_000;

/** Looks through a whole place at once. A position is the id of the task before it. */
export class MemoryListing implements TaskListing {
  constructor(private readonly queue: (partition: Partition) => MemoryQueue) {}

  async *walk({ partition, state, position }: Walk): AsyncGenerator<WalkStep> {
    const last = position === null ? null : readPosition(position);
    const tasks = tasksIn(this.queue(partition), state);
    // Where that one has gone, those before it have, too: from most places tasks are taken in this order.
    const passed = tasks.findIndex(({ id }) => id === last) + 1;
    for (const task of tasks.slice(passed)) {
      yield { task, bytes: JSON.stringify(task.data).length, position: () => JSON.stringify(task.id) };
    }
  }

  async find(partition: Partition, id: string): Promise<PlacedTask | null> {
    const queue = this.queue(partition);
    const status = queue.statuses.record(id);
    for (const state of ['active', 'scheduled', 'retrying', 'failed', 'waiting'] as const) {
      const found = tasksIn(queue, state).find((task) => task.id === id);
      if (found && !isOutlived(found, status)) return found;
    }
    return status && placedTask({ state: status.state, id, stored: null, status });
  }
}

function tasksIn(queue: MemoryQueue, state: TaskState): PlacedTask[] {
  const { statuses, lines, scheduled, dead, workers } = queue;
  const placed = (task: MemoryTask, more: Partial<Place> = {}): PlacedTask =>
    placedTask({
      state,
      id: task.id,
      stored: readStored(toEnvelope(task)),
      status: statuses.record(task.id),
      ...more,
    });
  switch (state) {
    case 'waiting':
      return lines.all.filter(({ id }) => statuses.get(id)?.state !== 'cancelled').map((task) => placed(task));
    case 'active': {
      const byName = [...workers].sort(([one], [other]) => compare(one, other));
      return byName.flatMap(([worker, { held }]) =>
        [...held.values()].sort((one, other) => compare(one.id, other.id)).map((task) => placed(task, { worker })),
      );
    }
    case 'scheduled':
    case 'retrying':
      return scheduled.all
        .filter(({ task }) => scheduledState(queue, task) === state)
        .map(({ task, due }) => placed(task, { due }));
    case 'failed':
      return [...dead.values()]
        .sort((one, other) => other.diedAt - one.diedAt || compare(other.task.id, one.task.id))
        .map(({ task, diedAt }) => {
          const status = statuses.record(task.id);
          return placed(task, { diedAt, status: status?.state === 'failed' ? status : null });
        });
    default:
      return statuses
        .endedAs(state)
        .slice(0, RECENT_MAX)
        .map((id) => placedTask({ state, id, stored: null, status: statuses.record(id) }));
  }
}

/** A dead letter whose id is in use again. */
function isOutlived({ record }: PlacedTask, status: StatusRecord | null): boolean {
  return record.state === 'failed' && status !== null && status.state !== 'failed';
}

function scheduledState({ statuses }: MemoryQueue, { id, attempt }: MemoryTask): TaskState {
  const state = statuses.get(id)?.state;
  if (state === 'scheduled' || state === 'retrying') return state;
  return attempt > 0 ? 'retrying' : 'scheduled';
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** @throws InvalidCursorError */
function readPosition(position: string): string {
  try {
    const id: unknown = JSON.parse(position);
    if (typeof id === 'string') return id;
  } catch {
    // The same as any other text.
  }
  throw new InvalidCursorError(position);
}

import type { OnAdded } from '../broker/memory/memory-queue.js';
import { publicId, queueOf } from '../broker/partition.js';

/** A task that was added: by `add`, `addBulk`, a schedule or a handler. */
export interface AddedTaskRecord {
  /** The public id, `<queue>:<id>`. */
  id: string;
  queue: string;
  name: string;
  /** As its handler gets it: what JSON makes of what was given. */
  data: unknown;
  /** How long after it was added it is due; 0 for at once. */
  delayMs: number;
  /** 0 where it has none. */
  priority: number;
  group: string | null;
  /** When it expires, if it does, by the clock of the test. */
  expiresAt: Date | null;
  /** Those of `attempts`, `backoff`, `retryFor` and `timeout` that were given for this very task. */
  options: Readonly<Record<string, unknown>>;
}

/** Remembers what was added: one record for each task, as it was given last where `debounce` has replaced its data. */
export class AddedTasks {
  private readonly records = new Map<string, AddedTaskRecord>();

  readonly note: OnAdded = (partition, task, due) => {
    const { data = null, name: _, ...options } = task.content;
    const id = publicId(partition, task.id);
    this.records.set(id, {
      id,
      queue: queueOf(partition),
      name: task.name,
      data,
      delayMs: due === undefined ? 0 : due - task.addedAt,
      priority: task.priority,
      group: task.group ?? null,
      expiresAt: task.expiresAt === undefined ? null : new Date(task.expiresAt),
      options,
    });
  };

  /** In the order in which they were added. */
  of(name?: string): AddedTaskRecord[] {
    return [...this.records.values()].filter((record) => name === undefined || record.name === name);
  }

  clear(): void {
    this.records.clear();
  }
}

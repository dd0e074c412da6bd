import { AmbiguousQueueError, DuplicateHandlerError, InvalidOptionsError } from '../errors/index.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { TaskHandlerEntry } from './task-handler.js';

export const DEFAULT_QUEUE = 'default';

const NONE: ReadonlyMap<string, TaskHandlerEntry> = new Map();

/** The handlers of this process, by queue and task name, as configured; looked up in the application when first asked for. */
export class TaskHandlerRegistry {
  private byQueue: ReadonlyMap<string, ReadonlyMap<string, TaskHandlerEntry>> | undefined;
  private queuesByName: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(
    private readonly explore: () => TaskHandlerEntry[],
    private readonly settings: Pick<TaskQueueSettings, 'handler'>,
  ) {}

  /** Looks through the application (again): complete once all its providers are there. @throws DuplicateHandlerError, InvalidOptionsError */
  load(): readonly TaskHandlerEntry[] {
    const entries = this.explore().map((entry) => this.configured(entry));
    const byQueue = new Map<string, Map<string, TaskHandlerEntry>>();
    const queuesByName = new Map<string, string[]>();
    for (const entry of entries) {
      const handlers = byQueue.get(entry.queue) ?? new Map<string, TaskHandlerEntry>();
      const other = handlers.get(entry.name);
      if (other) throw new DuplicateHandlerError(entry.name, entry.queue, other.origin, entry.origin);
      byQueue.set(entry.queue, handlers.set(entry.name, entry));
      queuesByName.set(entry.name, [...(queuesByName.get(entry.name) ?? []), entry.queue]);
    }
    this.byQueue = byQueue;
    this.queuesByName = queuesByName;
    return entries;
  }

  get queues(): string[] {
    return [...this.loaded().keys()];
  }

  /** The handlers of a queue by task name. */
  of(queue: string): ReadonlyMap<string, TaskHandlerEntry> {
    return this.loaded().get(queue) ?? NONE;
  }

  /**
   * The queue of a task for which `add` named none: what the options say, else its definition, else where its handler stands, else `default`.
   * @throws AmbiguousQueueError
   */
  queueFor(name: string, defined?: string): string {
    const { queue = defined } = this.settings.handler(name);
    if (queue !== undefined) return queue;
    this.loaded();
    const queues = this.queuesByName.get(name);
    if (queues && queues.length > 1) throw new AmbiguousQueueError(name, queues);
    return queues?.[0] ?? DEFAULT_QUEUE;
  }

  private configured(entry: TaskHandlerEntry): TaskHandlerEntry {
    const { name, origin } = entry;
    const { queue = entry.queue, batch: given } = this.settings.handler(name);
    const batch = entry.batch && { ...entry.batch, ...given };
    if (!batch && Object.keys(given).length > 0) {
      const allowed = `nothing, for ${origin} takes one task at a time: only a handler with \`batch\` takes batches`;
      throw new InvalidOptionsError([{ option: `tasks.${name}.batch`, given, allowed }]);
    }
    return { ...entry, queue, batch };
  }

  private loaded(): NonNullable<typeof this.byQueue> {
    if (!this.byQueue) this.load();
    return this.byQueue ?? new Map<string, never>();
  }
}

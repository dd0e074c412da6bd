import { type Partition, partitionOf } from '../broker/partition.js';
import type { PlainSource, PlainStore } from '../broker/plain-store.js';
import type { GuardedLog } from '../consumer/guarded-log.js';
import type { OutageLog } from '../consumer/outage-log.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import type { PlainList } from '../options/plain-options.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { PlainIntake } from './plain-intake.js';

/** A plain status stays at least so long once its task has ended, however short the retention is: somebody polls it. */
const POLLED_MS = 60_000;

/** The intakes of all plain lists, by the queues that this process works on. */
export class PlainIntakes {
  private lists: readonly (PlainList & { queue: string })[] = [];
  private readonly running = new Map<Partition, PlainIntake[]>();

  constructor(
    private readonly store: PlainStore,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
    private readonly outages: OutageLog,
    private readonly logger: GuardedLog,
  ) {}

  /** Finds out on which queues the tasks of plain lists are to run. @throws AmbiguousQueueError */
  load(): void {
    this.lists = this.settings.plain.map((plain) => ({
      ...plain,
      queue: plain.queue ?? this.handlers.queueFor(plain.task),
    }));
  }

  /** This process works on that queue from now on. */
  begin(partition: Partition): void {
    const intakes = this.lists
      .filter(({ queue }) => partitionOf(queue) === partition)
      .flatMap((plain) => {
        const inlet = this.store.open(partition, this.sourceOf(plain));
        if (!inlet) return [];
        this.logger.log(`Elements of list "${plain.list}" become tasks "${plain.task}" on queue "${plain.queue}"`);
        return [new PlainIntake(plain.list, partition, inlet, this.outages, this.logger)];
      });
    if (intakes.length > 0) this.running.set(partition, intakes);
  }

  /** It does not any more. */
  async end(partition: Partition): Promise<void> {
    const intakes = this.running.get(partition) ?? [];
    this.running.delete(partition);
    await Promise.all(intakes.map((intake) => intake.stop()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.keys()].map((partition) => this.end(partition)));
  }

  private sourceOf({ list, task, queue, statusPrefix, idField }: PlainList & { queue: string }): PlainSource {
    const { status, completedTtlMs, failedTtlMs } = this.settings.queue(queue);
    const declared = this.handlers.of(queue).get(task)?.settings;
    return {
      list,
      task,
      statusPrefix,
      idField,
      ...this.settings.added(queue, task, [declared], undefined),
      withStatus: status === 'full',
      deadLetterTtlMs: failedTtlMs,
      endedTtlMs: Math.max(completedTtlMs, POLLED_MS),
      failedTtlMs: Math.max(failedTtlMs, POLLED_MS),
    };
  }
}

import { type Partition, partitionOf } from '../broker/partition.js';
import type { BulkAction, BulkFilter, BulkPage, BulkPlace } from '../broker/queue-steering.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { QueueInUseError } from '../errors/index.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { BulkReport, BulkRun, MoveFilter, PurgeState } from './bulk-options.js';

const DRAINED = 'drained';
const PURGED = 'purged';
/** How often a walk looks which lists there are: not for as long as others make new ones. */
const ROUNDS = 2;

/** What is done to many tasks of one queue, page by page. All arguments have been checked. */
export class BulkOperations {
  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
  ) {}

  async drain(queue: string, { scheduled, ...run }: BulkRun & { scheduled: boolean }): Promise<BulkReport> {
    const places = this.places(queue, scheduled ? [{ kind: 'scheduled' }] : []);
    return this.walk(queue, run, places, this.ending(queue, DRAINED), {});
  }

  async purge(queue: string, state: PurgeState, ageMs: number, run: BulkRun): Promise<BulkReport> {
    const { queues } = this.broker;
    const partition = partitionOf(queue);
    const untilMs = (await queues.clock()) - ageMs;
    const filter = { addedUntilMs: untilMs };
    switch (state) {
      case 'waiting':
        return this.walk(queue, run, this.places(queue), this.ending(queue, PURGED), filter);
      case 'scheduled':
      case 'retrying':
        return this.walk(queue, run, [{ kind: 'scheduled', state }], this.ending(queue, PURGED), filter);
      default:
        return this.pages(queue, run, async function* () {
          const walk = { state, endedUntilMs: untilMs, isDry: run.isDry };
          yield* pagesOf((cursor) => queues.purge(partition, walk, cursor));
        });
    }
  }

  async move(
    queue: string,
    toQueue: string,
    { name, search, olderThan, state }: Omit<MoveFilter, 'olderThan'> & { olderThan?: number | undefined },
    run: BulkRun,
  ): Promise<BulkReport> {
    const filter: BulkFilter = {
      name,
      text: search === undefined ? undefined : JSON.stringify(search).slice(1, -1),
      addedUntilMs: olderThan === undefined ? undefined : (await this.broker.queues.clock()) - olderThan,
    };
    const action: BulkAction = {
      kind: 'move',
      to: partitionOf(toQueue),
      ttlMs: this.settings.queue(queue).cancelledTtlMs,
      withStatus: this.settings.queue(toQueue).status === 'full',
    };
    const places: BulkPlace[] = [];
    if (state === 'failed') places.push({ kind: 'dead' });
    else if (state !== 'waiting') places.push({ kind: 'scheduled', state });
    const isForWaiting = state === undefined || state === 'waiting';
    return this.walk(queue, run, isForWaiting ? this.places(queue, places) : places, action, filter);
  }

  async obliterate(queue: string, { force, ...run }: BulkRun & { force: boolean }): Promise<BulkReport> {
    const { queues } = this.broker;
    const partition = partitionOf(queue);
    return this.pages(queue, run, async function* () {
      yield* pagesOf(async (cursor) => {
        const page = await queues.erase(partition, { force, isDry: run.isDry }, cursor);
        if ('workers' in page) throw new QueueInUseError(queue, page.workers, page.held);
        return page;
      });
    });
  }

  /** Those, and all lists: also what comes to stand in a list that was not there before, for workers may take tasks there meanwhile. */
  private async *places(queue: string, first: readonly BulkPlace[] = []): AsyncGenerator<BulkPlace> {
    yield* first;
    const known = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const list of await this.broker.queues.lists(partitionOf(queue))) {
        if (!known.has(list)) yield { kind: 'list', list };
        known.add(list);
      }
    }
  }

  private ending(queue: string, reason: string): BulkAction {
    return { kind: 'end', reason, ttlMs: this.settings.queue(queue).cancelledTtlMs };
  }

  private async walk(
    queue: string,
    run: BulkRun,
    places: AsyncIterable<BulkPlace> | readonly BulkPlace[],
    action: BulkAction,
    filter: BulkFilter,
  ): Promise<BulkReport> {
    const { queues } = this.broker;
    const partition: Partition = partitionOf(queue);
    return this.pages(queue, run, async function* () {
      for await (const place of places) {
        const walk = { place, action, filter, isDry: run.isDry };
        yield* pagesOf((cursor) => queues.walk(partition, walk, cursor));
      }
    });
  }

  private async pages(
    queue: string,
    { isDry, signal, onProgress }: BulkRun,
    pages: () => AsyncIterable<BulkPage>,
  ): Promise<BulkReport> {
    const report: BulkReport = { queue, done: 0, kept: 0, dryRun: isDry };
    signal?.throwIfAborted();
    for await (const { done, kept } of pages()) {
      report.done += done;
      report.kept += kept;
      await onProgress({ done: report.done, kept: report.kept });
      signal?.throwIfAborted();
    }
    return report;
  }
}

async function* pagesOf(read: (cursor: string | null) => Promise<BulkPage>): AsyncGenerator<BulkPage> {
  let cursor: string | null = null;
  do {
    const page: BulkPage = await read(cursor);
    yield page;
    cursor = page.next;
  } while (cursor !== null);
}

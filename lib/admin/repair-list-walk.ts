import type { RepairList, RepairListCursor, RepairListPage, RepairMode, RepairSighting } from '../broker/damage.js';
import type { Partition } from '../broker/partition.js';
import type { TaskBroker } from '../broker/task-broker.js';
import type { DamageCounter } from './repair-report.js';

/** How many ids that seem to be there twice are looked into by one repair; the next one goes on. */
const MAX_WANTED = 20;

/** What a walk has met. */
interface Met {
  /** Those ids of the wanted ones that stand in a list. */
  met: Set<string>;
  /** Those that seem to be there twice, or in the hands of a worker as well. Not so if the task has moved. */
  twice: Set<string>;
}

/** One walk through everything that waits: the suspects, the lanes and the queue, from where tasks are added to where they are taken. */
export class ListWalk {
  private readonly lists: readonly RepairList[];

  constructor(
    private readonly broker: TaskBroker,
    private readonly partition: Partition,
    private readonly mode: RepairMode,
    lanes: readonly string[],
    private readonly damages: DamageCounter,
  ) {
    this.lists = ['suspects', ...lanes, 'queue'];
  }

  /** Compares every task with its status. */
  async judge(): Promise<void> {
    for (const list of this.lists) for await (const page of this.pages(list, true, new Map())) void page;
  }

  /**
   * Looks which of these tasks wait.
   * @param held the ids that workers hold
   * @param wanted ids of which two seem to be there: now this is looked into
   */
  async search(open: ReadonlySet<string>, held: ReadonlySet<string>, wanted?: ReadonlySet<string>): Promise<Met> {
    const met = new Set<string>();
    const twice = new Set<string>();
    const sightings = new Map<string, RepairSighting | null>();
    for (const id of wanted ?? []) if (sightings.size < MAX_WANTED) sightings.set(id, null);
    for (const list of this.lists) {
      for await (const page of this.pages(list, false, sightings)) {
        page.ids.forEach((id, row) => {
          if (!open.has(id)) return;
          const isNew = row >= page.seenBefore;
          if (isNew && (met.has(id) || held.has(id))) twice.add(id);
          met.add(id);
        });
        for (const { id, envelope } of page.sightings) sightings.set(id, { list, envelope });
      }
    }
    return { met, twice };
  }

  private async *pages(
    list: RepairList,
    judges: boolean,
    wanted: ReadonlyMap<string, RepairSighting | null>,
  ): AsyncGenerator<RepairListPage> {
    let cursor: RepairListCursor | null = null;
    do {
      const request = { list, cursor, judges, wanted };
      const page = await this.broker.repairs.listPage(this.partition, this.mode, request);
      this.damages.add(page.damages);
      yield page;
      cursor = page.next;
    } while (cursor);
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Damage, RepairCursor, RepairMode, RepairPlace } from '../broker/damage.js';
import type { Partition } from '../broker/partition.js';
import type { TaskBroker } from '../broker/task-broker.js';
import type { DamageCounter } from './repair-report.js';
import { ListWalk } from './repair-list-walk.js';

/** How many ids are kept in memory at once; a queue with more open tasks is walked through more than once. */
const MAX_OPEN = 100_000;
/** They travel with every step. */
const MAX_UNLISTED = 1_000;
/** How long tasks may wait beside an empty bell: a worker that was rung claims long before. */
const BELL_PAUSE_MS = 250;

/**
 * One repair of one partition. It walks through every place in pages; what can be judged by itself is judged and mended in the
 * script that reads the page. Lists cannot be searched by id. So to learn which statuses have no task it gathers ids first and
 * walks through the lists then: a task that is not met has moved, or is not there. What seems to be nowhere is looked for a
 * second time, in every other place and on another walk, before anything is said of it.
 */
export class Repair {
  private readonly mode: RepairMode;
  private readonly unlisted: string[] = [];
  private readonly heldIds = new Set<string>();

  constructor(
    private readonly partition: Partition,
    private readonly broker: TaskBroker,
    private readonly damages: DamageCounter,
    mode: Omit<RepairMode, 'unlisted'>,
  ) {
    this.mode = { ...mode, unlisted: this.unlisted };
  }

  async run(): Promise<void> {
    const { broker, partition, mode } = this;
    const bellBefore = await broker.repairs.bell(partition, mode, '');
    const bellLookedAt = performance.now();

    await this.walkWorkers();
    await this.walk({ kind: 'parked' });
    await (await this.listWalk()).judge();
    await this.walk({ kind: 'scheduled' });
    await this.walk({ kind: 'retrying' });
    await this.walk({ kind: 'dead' });
    await this.walkOpen();

    if (bellBefore.next === '') return;
    await delay(Math.max(0, BELL_PAUSE_MS - (performance.now() - bellLookedAt)));
    this.damages.add((await broker.repairs.bell(partition, mode, bellBefore.next)).damages);
  }

  private async walkWorkers(): Promise<void> {
    const holders = new Set<string>();
    for await (const { ids, damages } of this.pages({ kind: 'workers' })) {
      for (const id of ids) holders.add(id);
      // What they hold is held, although the list does not say so.
      for (const { kind, id } of damages) {
        if (kind === 'unlistedWorker' && this.unlisted.length < MAX_UNLISTED) this.unlisted.push(id);
      }
    }
    const holderOf = new Map<string, string>();
    for (const worker of holders) {
      const twins = new Map<string, string>();
      for await (const { ids } of this.pages({ kind: 'held', worker })) {
        for (const id of ids) {
          const other = holderOf.get(id);
          if (other !== undefined && other !== worker) twins.set(id, other);
          if (holderOf.size < MAX_OPEN) holderOf.set(id, worker);
        }
      }
      if (twins.size > 0) this.damages.add(await this.broker.repairs.twins(this.partition, this.mode, worker, twins));
    }
    for (const id of holderOf.keys()) this.heldIds.add(id);
  }

  /** Which tasks are open, and are they anywhere? */
  private async walkOpen(): Promise<void> {
    let open = new Set<string>();
    for (const place of [{ kind: 'cancels' }, { kind: 'statuses' }] as const) {
      for await (const { ids } of this.pages(place)) {
        for (const id of ids) open.add(id);
        if (open.size < MAX_OPEN) continue;
        await this.searchLists(open);
        open = new Set();
      }
    }
    if (open.size > 0) await this.searchLists(open);
  }

  private async searchLists(open: ReadonlySet<string>): Promise<void> {
    const { broker, partition, mode, damages } = this;
    const { met, twice } = await (await this.listWalk()).search(open, this.heldIds);
    const notMet = [...open].filter((id) => !met.has(id));
    const look = { ...mode, mends: false };
    const suspects = new Set((await broker.repairs.missing(partition, look, notMet)).map(({ id }) => id));
    if (suspects.size === 0 && twice.size === 0) return;

    const again = await (await this.listWalk()).search(suspects, new Set(), twice);
    const missing = [...suspects].filter((id) => !again.met.has(id));
    damages.add(await broker.repairs.missing(partition, mode, missing));
  }

  /** Lanes come and go with their tasks: each walk goes through those that there are by then. */
  private async listWalk(): Promise<ListWalk> {
    const lanes = new Set<string>();
    for await (const { ids } of this.pages({ kind: 'lanes' })) for (const lane of ids) lanes.add(lane);
    return new ListWalk(this.broker, this.partition, this.mode, [...lanes], this.damages);
  }

  private async walk(place: RepairPlace): Promise<void> {
    for await (const page of this.pages(place)) void page;
  }

  private async *pages(place: RepairPlace): AsyncGenerator<{ ids: string[]; damages: Damage[] }> {
    let cursor: RepairCursor | null = null;
    do {
      const page = await this.broker.repairs.page(this.partition, this.mode, place, cursor);
      this.damages.add(page.damages);
      yield page;
      cursor = page.next;
    } while (cursor);
  }
}

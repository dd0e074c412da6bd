import type { Redis } from 'ioredis';
import { LayoutMismatchError } from '../../errors/index.js';
import type {
  Damage,
  DamageKind,
  RepairCursor,
  RepairListPage,
  RepairListRequest,
  RepairMode,
  RepairPage,
  RepairPlace,
} from '../damage.js';
import type { Partition } from '../partition.js';
import type { RepairStore } from '../repair-store.js';
import type { RedisConnection } from './redis-connection.js';
import { LAYOUT_VERSION, type RedisKeys } from './redis-keys.js';
import { SCAN_START, scanKeys } from './redis-scan.js';
import type { DamageAnswer, RepairPageAnswer } from './redis-scripts.js';

/** Bounds of one script: how many tasks it looks at, how many it looks for, and about how many bytes it reads. */
export const PAGE = 100;
export const MISSING_PAGE = 20;
const PAGE_BYTES = 128 * 1024;
const START = SCAN_START;

/** The steps of a repair: each reads a page, or asks for what was read before, and each script is bounded. */
export class RedisRepair implements RepairStore {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
  ) {}

  async page(
    partition: Partition,
    mode: RepairMode,
    place: RepairPlace,
    cursor: RepairCursor | null,
  ): Promise<RepairPage> {
    if (cursor === null) await this.checkLayout(partition);
    const from = cursor ?? { position: START, size: 1 };
    switch (place.kind) {
      case 'workers':
        return this.workers(partition, mode, from);
      case 'lanes':
        return this.lanes(partition, mode, from);
      case 'statuses':
        return this.statuses(partition, mode, from);
      case 'cancels':
        return this.cancels(partition, from);
      case 'held':
        return this.scripted(partition, mode, from, [place.worker], (client, call) => client.taskRepairHeld(call));
      case 'parked':
        return this.scripted(partition, mode, from, [], (client, call) => client.taskRepairParked(call));
      case 'scheduled':
        return this.scripted(partition, mode, from, [], (client, call) => client.taskRepairScheduled(call));
      case 'retrying':
        return this.scripted(partition, mode, from, [], (client, call) => client.taskRepairRetrying(call));
      case 'dead':
        return this.scripted(partition, mode, from, [], (client, call) => client.taskRepairDead(call));
    }
  }

  async listPage(
    partition: Partition,
    mode: RepairMode,
    { list, cursor, judges, wanted }: RepairListRequest,
  ): Promise<RepairListPage> {
    const { position, size, last } = cursor ?? { position: START, size: 1, last: '' };
    const call = this.call(partition, mode, list, position, last, size, judges ? 1 : 0);
    for (const [id, sighting] of wanted) call.push(id, sighting?.list ?? '', sighting?.envelope ?? '');
    const answer = await this.commands.repeatable((client) => client.taskRepairList(call));
    const [passed, lastId, damages, ids, seenBefore, sightings, bytes] = answer;
    const next = { position: String(passed), size: nextSize(size, ids.length, bytes), last: lastId };
    return {
      damages: readDamages(damages),
      ids,
      seenBefore,
      sightings: pairs(sightings).map(([id, envelope]) => ({ id, envelope })),
      next: passed < 0 ? null : next,
    };
  }

  async twins(
    partition: Partition,
    mode: RepairMode,
    worker: string,
    twins: ReadonlyMap<string, string>,
  ): Promise<Damage[]> {
    const found: Damage[] = [];
    for (const page of inPages([...twins])) {
      const call = this.call(partition, mode, worker, START, 1, ...page.flat());
      const [, damages] = await this.commands.repeatable((client) => client.taskRepairHeld(call));
      const asked = new Set(page.map(([id]) => id));
      found.push(...readDamages(damages).filter(({ kind, id }) => kind === 'sameIdTwice' && asked.has(id)));
    }
    return found;
  }

  async missing(partition: Partition, mode: RepairMode, ids: readonly string[]): Promise<Damage[]> {
    const found: Damage[] = [];
    for (const page of inPages(ids, MISSING_PAGE)) {
      const call = this.call(partition, mode, ...page);
      found.push(...readDamages(await this.commands.repeatable((client) => client.taskRepairMissing(call))));
    }
    return found;
  }

  async bell(partition: Partition, mode: RepairMode, earlier: string): Promise<{ next: string; damages: Damage[] }> {
    const call = this.call(partition, mode, earlier);
    const [next, damages] = await this.commands.repeatable((client) => client.taskRepairBell(call));
    return { next, damages: readDamages(damages) };
  }

  private async scripted(
    partition: Partition,
    mode: RepairMode,
    { position, size }: RepairCursor,
    which: readonly string[],
    send: (client: Redis, call: (string | number)[]) => Promise<RepairPageAnswer>,
  ): Promise<RepairPage> {
    const call = this.call(partition, mode, ...which, position, size);
    const [next, damages, ids, bytes] = await this.commands.repeatable((client) => send(client, call));
    return page(readDamages(damages), ids, next, nextSize(size, size, bytes), position);
  }

  /** Whoever holds anything, and whoever has a bell: only the names of their keys tell. */
  private async workers(partition: Partition, mode: RepairMode, { position }: RepairCursor): Promise<RepairPage> {
    const [active, bell] = [this.keys.active(partition, ''), this.keys.workerBell(partition, '')];
    const [heldPage, bellPage] = JSON.parse(position === START ? '["0","0"]' : position) as [string, string];
    const [nextHeld, holders] = heldPage === '' ? ['', []] : await scanKeys(this.commands, active, heldPage);
    const [nextBell, ringers] =
      nextHeld !== '' || bellPage === '' ? [bellPage, []] : await scanKeys(this.commands, bell, bellPage);
    const damages: Damage[] = [];
    for (const names of inPages([...new Set([...holders, ...ringers])])) {
      const call = this.call(partition, mode, ...names);
      damages.push(...readDamages(await this.commands.repeatable((client) => client.taskRepairWorkers(call))));
    }
    const isOver = nextHeld === '' && nextBell === '';
    return page(damages, holders, isOver ? START : JSON.stringify([nextHeld, nextBell]), 1);
  }

  /** The lists that are there: only the names of their keys tell. */
  private async lanes(partition: Partition, mode: RepairMode, { position }: RepairCursor): Promise<RepairPage> {
    const [next, lanes] = await scanKeys(this.commands, this.keys.lane(partition, ''), position);
    const damages: Damage[] = [];
    for (const names of inPages(lanes)) {
      const call = this.call(partition, mode, ...names);
      damages.push(...readDamages(await this.commands.repeatable((client) => client.taskRepairLanes(call))));
    }
    return page(damages, lanes, next === '' ? START : next, 1);
  }

  private async statuses(partition: Partition, mode: RepairMode, { position }: RepairCursor): Promise<RepairPage> {
    const [next, ids] = await scanKeys(this.commands, this.keys.status(partition, ''), position);
    const answers = await Promise.all(
      inPages(ids).map(async (some) => {
        const call = this.call(partition, mode, ...some);
        return this.commands.repeatable((client) => client.taskRepairStatuses(call));
      }),
    );
    const damages = answers.flatMap(([found]) => readDamages(found));
    const open = answers.flatMap(([, some]) => some);
    return page(damages, open, next === '' ? START : next, 1);
  }

  private async cancels(partition: Partition, { position }: RepairCursor): Promise<RepairPage> {
    const key = this.keys.cancel(partition);
    const [next, entries] = await this.commands.repeatable((client) => client.hscan(key, position, 'COUNT', PAGE));
    return page(
      [],
      entries.filter((_, row) => row % 2 === 0),
      next,
      1,
    );
  }

  private async checkLayout(partition: Partition): Promise<void> {
    const layout = await this.commands.repeatable((client) => client.hget(this.keys.meta(partition), 'layout'));
    if (layout === null || Number(layout) === LAYOUT_VERSION) return;
    throw new LayoutMismatchError(partition, Number(layout), LAYOUT_VERSION);
  }

  private call(
    partition: Partition,
    { mends, retention, withStatus, unlisted }: RepairMode,
    ...own: (string | number)[]
  ): (string | number)[] {
    const { deadLetterTtlMs, cancelledTtlMs } = retention;
    const all = [mends ? 1 : 0, deadLetterTtlMs, cancelledTtlMs, withStatus ? 1 : 0, unlisted.length, ...unlisted];
    return [...this.keys.scripts(partition), ...all, ...own];
  }
}

/** @param position where this page began: with nothing behind it, it is to be read again */
function page(damages: Damage[], ids: string[], next: string, size: number, position = START): RepairPage {
  return { damages, ids, next: next === START ? null : { position: next || position, size } };
}

/** Grows from 1, since nobody knows how large the first tasks are, as far as both bounds allow. */
function nextSize(size: number, count: number, bytes: number): number {
  const fitting = Math.floor((PAGE_BYTES * Math.max(1, count)) / Math.max(1, bytes));
  return Math.max(1, Math.min(size * 2, fitting, PAGE));
}

function readDamages(answer: DamageAnswer): Damage[] {
  const damages: Damage[] = [];
  for (let i = 0; i < answer.length; i += 3) {
    damages.push({ kind: answer[i] as DamageKind, id: String(answer[i + 1]), repaired: answer[i + 2] === 1 });
  }
  return damages;
}

function pairs(flat: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) found.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return found;
}

function inPages<T>(all: readonly T[], size = PAGE): T[][] {
  const pages: T[][] = [];
  for (let i = 0; i < all.length; i += size) pages.push(all.slice(i, i + size));
  return pages;
}

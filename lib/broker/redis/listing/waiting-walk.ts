import { InvalidCursorError } from '../../../errors/index.js';
import { readStored } from '../../envelope.js';
import type { Partition } from '../../partition.js';
import { type PlacedTask, placedTask } from '../../placed-task.js';
import type { Walk, WalkStep } from '../../task-listing.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';
import { MOVED } from '../scripts/lanes.lua.js';
import { Anchor } from './anchor.js';
import { compareLists, isWaitingList, SUSPECTS, type WaitingList, WaitingLists } from './waiting-lists.js';
import { PageSize } from './page-size.js';
import { readPosition, writePosition } from './position.js';
import { TaskReader } from './task-reader.js';

/** How many elements that are no tasks may lie behind an anchor, before one of them must do. */
const MAX_SINCE = 1_000;

/** How far a walk has come in one list. */
interface Passed {
  /** So many elements, from the right. */
  count: number;
  /** The last task among them; `null` as long as there was none. */
  anchor: Anchor | null;
  /** How many elements came after it. */
  since: number;
}

const BEGINNING: Passed = { count: 0, anchor: null, since: 0 };

/**
 * Walks through the lists in which tasks wait, each from the right: the next one first. What is added on the left changes nothing here.
 * But what is taken on the right lets the rest move up: so the last task that was passed comes along, and is looked for further right
 * where it does not. If it is gone, so are those before it, and this list is begun anew.
 */
export class WaitingWalk {
  private readonly lists: WaitingLists;
  private readonly reader: TaskReader;

  constructor(keys: RedisKeys, commands: RedisConnection, partition: Partition) {
    this.lists = new WaitingLists(keys, commands, partition);
    this.reader = new TaskReader(keys, commands, partition);
  }

  async *steps({ position, count }: Pick<Walk, 'position' | 'count'>): AsyncGenerator<WalkStep> {
    const [first, passed] = position === null ? [SUSPECTS, BEGINNING] : readPassed(position);
    const lists = (await this.lists.all()).filter((list) => compareLists(list, first) >= 0);
    for (const [row, list] of lists.entries()) {
      if (row > 0) yield { task: null, bytes: 0, position: writePassed(list, BEGINNING) };
      yield* this.list(list, list === first ? passed : BEGINNING, new PageSize(count));
    }
  }

  private async *list(list: WaitingList, begin: Passed, size: PageSize): AsyncGenerator<WalkStep> {
    let passed = begin;
    for (;;) {
      const along = comesAlong(passed);
      const start = passed.count - along;
      const asked = along + size.next;
      const elements = await this.lists.read(list, start, asked);
      const moved = passed.anchor ? passed.anchor.placeIn(elements) : 0;
      if (moved < 0) {
        passed = yield* this.seek(list, passed, size);
        continue;
      }
      const fresh = elements.slice(moved + along);
      size.learn(fresh);
      passed = { ...passed, count: passed.count + moved };
      for (const { element, task, bytes } of await this.placed(fresh)) {
        passed = behind(passed, element);
        yield { task, bytes, position: writePassed(list, passed) };
      }
      if (elements.length < asked) return;
    }
  }

  /** The anchor is not where it was: further right, if it is still there. @returns how far the walk has come by that */
  private async *seek(list: WaitingList, passed: Passed, size: PageSize): AsyncGenerator<WalkStep, Passed> {
    const along = comesAlong(passed);
    let end = Math.min(passed.count - along, await this.lists.length(list));
    while (end > 0) {
      const start = Math.max(0, end - size.next);
      const elements = await this.lists.read(list, start, end - start);
      size.learn(elements);
      const met = passed.anchor?.placeIn(elements) ?? -1;
      const sought = { ...passed, count: start + Math.max(met, 0) + along };
      yield { task: null, bytes: elements.join('').length, position: writePassed(list, sought) };
      if (met >= 0) return sought;
      end = start;
    }
    return BEGINNING;
  }

  /** What was called off stands in its list until a worker comes to it, but does not wait any more. */
  private async placed(
    elements: readonly string[],
  ): Promise<{ element: string; task: PlacedTask | null; bytes: number }[]> {
    const all = elements.map((element) => (element === MOVED ? null : readStored(element)));
    const facts = await this.reader.facts(all.map((stored) => stored?.id ?? null));
    return all.map((stored, row) => {
      const { status = null, latest = null, bytes = 0 } = facts[row] ?? {};
      const waits = stored !== null && status?.state !== 'cancelled';
      const task = waits ? placedTask({ state: 'waiting', id: stored.id, stored, status, latest }) : null;
      const element = elements[row] ?? '';
      return { element, task, bytes: element.length + bytes };
    });
  }
}

/** How many of those that were passed are read again: the anchor, and what came after it. */
function comesAlong({ anchor, since }: Passed): number {
  return since + (anchor ? 1 : 0);
}

function behind({ count, anchor, since }: Passed, element: string): Passed {
  if (element === MOVED && since < MAX_SINCE) return { count: count + 1, anchor, since: since + 1 };
  return { count: count + 1, anchor: Anchor.at(element), since: 0 };
}

function writePassed(list: WaitingList, { count, anchor, since }: Passed): () => string {
  return () => writePosition(list, count, anchor?.mark ?? '', since)();
}

/** @throws InvalidCursorError */
function readPassed(position: string): [list: WaitingList, passed: Passed] {
  const [list, count, mark, since] = readPosition(position, ['', 0, '', 0] as [string, number, string, number]);
  const anchor = mark === '' ? null : Anchor.marked(mark);
  const passed = { count, anchor, since };
  if (!isWaitingList(list) || since > MAX_SINCE || count < comesAlong(passed)) throw new InvalidCursorError(position);
  return [list, passed];
}

import { isEnvelopeOf, readStored, type StoredTask } from '../../envelope.js';
import type { Partition } from '../../partition.js';
import { type PlacedTask, placedTask } from '../../placed-task.js';
import type { StatusRecord } from '../../task-broker.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';
import type { FindAnswer } from '../redis-scripts.js';
import { readStatus } from '../status-record.js';
import { deadLetter, parkedTask } from './index-walk.js';
import { PageSize } from './page-size.js';
import { QUEUE, SUSPECTS, type WaitingList, WaitingLists } from './waiting-lists.js';

/** How often a task is looked for that moves from place to place. */
const MAX_ROUNDS = 4;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** How far from where it probably stands a task is searched for before the whole list is. */
const AROUND = 200;

interface Entry {
  id: string;
  envelope: string | null;
  status: StatusRecord | null;
  latest: string | null;
}

/**
 * Finds one task. Wherever its id leads to it, it is found at one moment. In a list it has to be searched for, and may be claimed
 * meanwhile: then it is looked for anew.
 */
export class TaskSearch {
  private readonly lists: WaitingLists;

  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly partition: Partition,
    private readonly id: string,
  ) {
    this.lists = new WaitingLists(keys, commands, partition);
  }

  /** @param searches whether to search also for what has no status */
  async find(searches: boolean): Promise<PlacedTask | null> {
    const { id } = this;
    let known: StatusRecord | null = null;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { task, status, latest } = await this.look();
      if (task) return task;
      if (!status && (!searches || round > 1)) return null;
      known = status;
      if (status && hasEnded(status)) break;
      const stored = await this.search(status && round === 0 ? probableLists(status) : await this.lists.all());
      if (stored) return placedTask({ state: 'waiting', id, stored, status, latest });
    }
    return known && placedTask({ state: known.state, id, stored: null, status: known });
  }

  private async look(): Promise<Entry & { task: PlacedTask | null }> {
    const call = [...this.keys.scripts(this.partition), this.id];
    const [place, envelope, where, flat] = await this.commands.repeatable((client) => client.taskFind(call));
    const fields: Record<string, string> = {};
    for (let at = 0; at < flat.length; at += 2) fields[flat[at] ?? ''] = flat[at + 1] ?? '';
    const entry = { id: this.id, envelope, status: readStatus(fields), latest: fields['latest'] ?? null };
    return { ...entry, task: placed(place, where, entry) };
  }

  private async search(lists: readonly WaitingList[]): Promise<StoredTask | null> {
    for (const list of lists) {
      const guess = await this.guess(list);
      const envelope =
        (await this.scan(list, Math.max(0, guess - AROUND), guess + AROUND)) ?? (await this.scan(list, 0, Infinity));
      if (envelope !== null) return readStored(envelope);
    }
    return null;
  }

  /** From where tasks are added: what is added meanwhile moves the rest further along, and nothing is missed. */
  private async scan(list: WaitingList, from: number, to: number): Promise<string | null> {
    const size = new PageSize();
    let passed = from;
    while (passed < to) {
      const asked = size.next;
      const elements = await this.lists.readNewest(list, passed, asked);
      const found = elements.find((element) => isEnvelopeOf(this.id, element));
      if (found !== undefined) return found;
      if (elements.length < asked) return null;
      size.learn(elements);
      passed += asked;
    }
    return null;
  }

  /** Where it stands if all stand in the order of their ids, as nearly all do. */
  private async guess(list: WaitingList): Promise<number> {
    if (!ULID.test(this.id)) return 0;
    let [low, high] = [0, await this.lists.length(list)];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [element = ''] = await this.lists.readNewest(list, middle, 1);
      const { id } = readStored(element);
      if (id === null || !ULID.test(id)) return 0;
      if (id > this.id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function placed(place: FindAnswer[0], where: string, entry: Entry): PlacedTask | null {
  const { id, envelope, status, latest } = entry;
  if (envelope === null || place === '') return null;
  if (place === 'scheduled') return parkedTask(entry, where);
  if (place === 'dead') return deadLetter(entry, where);
  return placedTask({ state: 'active', id, stored: readStored(envelope), status, latest, worker: where });
}

/** Where a task waits of which its status tells. */
function probableLists({ priority, group, name }: StatusRecord): WaitingList[] {
  const lane = group !== null ? `group:${group}` : priority !== 0 ? `priority:${priority}` : QUEUE;
  return [lane, `turn:${name}`, SUSPECTS];
}

function hasEnded({ state }: StatusRecord): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

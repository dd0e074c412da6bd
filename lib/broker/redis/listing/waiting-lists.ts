import type { Partition } from '../../partition.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';

export const SUSPECTS = 'suspects';
export const QUEUE = 'queue';
const LANE = /^(?:priority:(-?\d{1,4})|group:([^]+)|turn:([^]+))$/;

/** A list in which tasks wait: `suspects`, `queue`, or the name of a lane. */
export type WaitingList = string;

/** The lists in which tasks of one partition wait. */
export class WaitingLists {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly partition: Partition,
  ) {}

  /** In the order of `compareLists`. Read at one moment, since groups go from one ring to the other. */
  async all(): Promise<WaitingList[]> {
    const { keys, partition } = this;
    const groups = keys.groups(partition);
    const rings = [keys.priorities(partition), groups, `${groups}:resting`, keys.turns(partition)];
    const [priorities = [], ring = [], resting = [], turns = []] = await this.commands.repeatable(async (client) => {
      const all = client.multi();
      for (const key of rings) all.zrange(key, '0', '-1');
      const answers = (await all.exec()) ?? [];
      return answers.map(([error, names]) => {
        if (error) throw error;
        return names as string[];
      });
    });
    const lanes = [...priorities, ...ring, ...resting, ...turns.map((name) => `turn:${name}`)];
    return [...new Set([SUSPECTS, QUEUE, ...lanes.filter(isWaitingList)])].sort(compareLists);
  }

  async length(list: WaitingList): Promise<number> {
    return this.commands.repeatable((client) => client.llen(this.key(list)));
  }

  /** From the right: the next one that a worker takes is the first. */
  async read(list: WaitingList, start: number, count: number): Promise<string[]> {
    const elements = await this.commands.repeatable((client) =>
      client.lrange(this.key(list), -start - count, -start - 1),
    );
    return elements.reverse();
  }

  /** From the left, where tasks are added. */
  async readNewest(list: WaitingList, start: number, count: number): Promise<string[]> {
    return this.commands.repeatable((client) => client.lrange(this.key(list), start, start + count - 1));
  }

  private key(list: WaitingList): string {
    if (list === QUEUE) return this.keys.queue(this.partition);
    return list === SUSPECTS ? this.keys.suspects(this.partition) : this.keys.lane(this.partition, list);
  }
}

export function isWaitingList(name: string): boolean {
  return name === SUSPECTS || name === QUEUE || LANE.test(name);
}

/**
 * Suspects, higher priorities, the queue, groups, lower priorities. The ring of groups turns all the time, so they stand by their
 * names. What waits for the turn of its name comes last, though it is claimed before others: tasks go there from other lists, and
 * nobody may miss them.
 */
export function compareLists(one: WaitingList, other: WaitingList): number {
  const [place, priority, name] = orderOf(one);
  const [otherPlace, otherPriority, otherName] = orderOf(other);
  return place - otherPlace || otherPriority - priority || (name < otherName ? -1 : Number(name > otherName));
}

function orderOf(list: WaitingList): [place: number, priority: number, name: string] {
  const [, priority, group, turn] = LANE.exec(list) ?? [];
  if (priority !== undefined) return [Number(priority) > 0 ? 1 : 4, Number(priority), ''];
  if (group !== undefined) return [3, 0, group];
  if (turn !== undefined) return [5, 0, turn];
  return [list === SUSPECTS ? 0 : 2, 0, ''];
}

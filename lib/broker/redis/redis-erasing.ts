import type { Redis } from 'ioredis';
import { type Partition, queueOf } from '../partition.js';
import type { BulkPage, QueueUse } from '../queue-steering.js';
import type { ReportStore } from '../report-store.js';
import { WATCH_TTL_MS } from '../status-watch.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';
import { SCAN_START, scanKeys, scanPattern, scanStep } from './redis-scan.js';

/** How many lanes, schedules and workers go at one moment; if there are more they go in pages before. */
const MOST_AT_ONCE = 1_000;
const PAGE = 100;

/** Once there are fewer. */
const AGAIN = 'again';

type Options = { force: boolean; isDry: boolean };

/** When the queue was let go of, and how far the rest of its keys has been looked through. */
interface Position {
  momentMs: number;
  /** What is looked through: plain statuses, the keys of the queue, then the marks of owners. */
  of: 'plain' | 'keys' | 'owners';
  cursor: string;
}

/**
 * Leaves no key of a queue behind. Producers may add to it all the while: so every place in which tasks stand is emptied at one moment, and of the
 * rest only goes what is older, or belongs to nothing.
 */
export class RedisErasing {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly reports: Pick<ReportStore, 'removeQueue'>,
  ) {}

  async page(partition: Partition, options: Options, cursor: string | null): Promise<BulkPage | QueueUse> {
    if (cursor === null || cursor === AGAIN) return this.begin(partition, options);
    const at = JSON.parse(cursor) as Position;
    if (at.of === 'plain') return this.erasePlain(partition, options, at);
    return at.of === 'keys' ? this.eraseKeys(partition, options, at) : this.leaveOwners(partition, options, at);
  }

  private async begin(partition: Partition, { force, isDry }: Options): Promise<BulkPage | QueueUse> {
    const call = [...this.keys.scripts(partition), force ? 1 : 0, isDry ? 1 : 0, MOST_AT_ONCE];
    const answer = await this.commands.repeatable((client) => client.taskErase(call));
    if (answer[0] === 0) return { workers: answer[1], held: answer[2] };
    if (answer[0] === 2) {
      await this.eraseSchedules(partition);
      return { done: 0, kept: 0, next: AGAIN };
    }
    // At once, so that who begins to work on it from now on enters it behind that.
    if (!isDry) await this.reports.removeQueue(queueOf(partition));
    const [, momentMs, done] = answer;
    return { done, kept: 0, next: position({ momentMs, of: 'plain', cursor: SCAN_START }) };
  }

  private async eraseSchedules(partition: Partition): Promise<void> {
    const key = this.keys.schedules(partition);
    const names = await this.commands.repeatable((client) => client.zrange(key, '0', String(PAGE * PAGE)));
    for (let at = 0; at < names.length; at += PAGE) {
      const calls = names.slice(at, at + PAGE).map((name) => [...this.keys.scripts(partition), name, '']);
      await this.commands.repeatable((client) => Promise.all(calls.map((call) => client.taskRemoveSchedule(call))));
    }
  }

  private async erasePlain(
    partition: Partition,
    { isDry }: Options,
    { momentMs, cursor }: Position,
  ): Promise<BulkPage> {
    const call = [...this.keys.scripts(partition), momentMs];
    const following: Position = { momentMs, of: 'keys', cursor: SCAN_START };
    if (isDry) return { done: 0, kept: 0, next: position(following) };
    const [next] = await scanStep(this.commands, cursor, async (client, at) => [
      await client.taskErasePlain([...call, at]),
    ]);
    return { done: 0, kept: 0, next: position(next === '' ? following : { momentMs, of: 'plain', cursor: next }) };
  }

  private async eraseKeys(partition: Partition, { isDry }: Options, { momentMs, cursor }: Position): Promise<BulkPage> {
    const [next, found] = await scanPattern(this.commands, this.keys.patternOf(partition), cursor);
    const tagged = found.filter((key) => this.keys.isOf(partition, key));
    let done = isDry ? tagged.length : 0;
    for (let at = 0; at < tagged.length && !isDry; at += PAGE) {
      const call = [...this.keys.scripts(partition), momentMs, ...tagged.slice(at, at + PAGE)];
      done += await this.commands.repeatable((client) => client.taskEraseRest(call));
    }
    const isOver = next === '';
    if (isOver && !isDry) await this.forgetWatchers(partition, momentMs);
    const following: Position = isOver
      ? { momentMs, of: 'owners', cursor: SCAN_START }
      : { momentMs, of: 'keys', cursor: next };
    return { done, kept: 0, next: position(following) };
  }

  /** Who watched before that moment has been told of everything that went. */
  private async forgetWatchers(partition: Partition, momentMs: number): Promise<void> {
    const until = `(${momentMs + WATCH_TTL_MS}`;
    await this.commands.repeatable((client) => client.zremrangebyscore(this.keys.watched(partition), '-inf', until));
  }

  /** Unless it has schedules again. */
  private async leaveOwners(
    partition: Partition,
    { isDry }: Options,
    { momentMs, of, cursor }: Position,
  ): Promise<BulkPage> {
    const [next, owners] = await scanKeys(this.commands, this.keys.scheduleQueues(''), cursor);
    const leave = async (client: Redis): Promise<void> => {
      if ((await client.exists(this.keys.schedules(partition))) === 1) return;
      await Promise.all(owners.map((owner) => client.srem(this.keys.scheduleQueues(owner), queueOf(partition))));
    };
    if (owners.length > 0 && !isDry) await this.commands.repeatable(leave);
    return { done: 0, kept: 0, next: next === '' ? null : position({ momentMs, of, cursor: next }) };
  }
}

function position(at: Position): string {
  return JSON.stringify(at);
}

import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { LayoutMismatchError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import type { BulkPage, BulkWalk, PurgeWalk, QueueSteering, QueueUse } from '../queue-steering.js';
import type { ReportStore } from '../report-store.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisErasing } from './redis-erasing.js';
import { LAYOUT_VERSION, type RedisKeys } from './redis-keys.js';
import type { UnknownLayout } from './redis-scripts.js';
import { SCAN_START, scanAll, scanKeys, scanStep } from './redis-scan.js';

/** How many ids of statuses one script looks at. */
const PAGE = 100;

/** Where a walk through a list stands. `left`: how many of those that were there when it began have not been looked at. */
interface ListPosition {
  left: number;
  passed: number;
  mark: string;
  markedAt: number;
}

/** Each call is one script, or a few that are bounded alike. */
export class RedisQueueSteering implements QueueSteering {
  private readonly erasing: RedisErasing;

  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    reports: Pick<ReportStore, 'removeQueue'>,
  ) {
    this.erasing = new RedisErasing(keys, commands, reports);
  }

  async pause(partition: Partition): Promise<boolean> {
    const call = [...this.keys.scripts(partition), randomUUID()];
    return (await this.commands.repeatable((client) => client.taskPause(call))) === 1;
  }

  async resume(partition: Partition): Promise<boolean> {
    const call = [...this.keys.scripts(partition), randomUUID()];
    return (await this.commands.repeatable((client) => client.taskResume(call))) === 1;
  }

  async isPaused(partition: Partition): Promise<boolean> {
    return (await this.commands.repeatable((client) => client.pttl(this.keys.limited(partition)))) === -1;
  }

  async clock(): Promise<number> {
    const [seconds, micros] = await this.commands.repeatable((client) => client.time());
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }

  async lists(partition: Partition): Promise<string[]> {
    const { keys } = this;
    const lanes = new Set<string>();
    // A group may go on while others are read: then it stands in the ring, which is read again.
    const groups = keys.groups(partition);
    for (const key of [keys.priorities(partition), groups, keys.resting(partition), groups]) {
      for await (const lane of this.members(key)) if (lane !== '') lanes.add(lane);
    }
    const turns: string[] = [];
    for await (const name of this.members(keys.turns(partition))) turns.push(`turn:${name}`);
    return ['suspects', ...lanes, '', ...new Set(turns)];
  }

  async walk(partition: Partition, walk: BulkWalk, cursor: string | null): Promise<BulkPage> {
    const { place } = walk;
    if (place.kind === 'list') return this.walkList(partition, walk, place.list, cursor);
    const state = place.kind === 'scheduled' ? place.state : undefined;
    const from = cursor ?? SCAN_START;
    const call = [...this.call(partition, walk, state), place.kind];
    const [next, answer] = await scanStep(this.commands, from, (client, at) => client.taskSweepParked([...call, at]));
    if (answer[0] === -1) throw layoutMismatch(partition, walk, answer);
    const [reached, done, kept] = answer;
    return { done, kept, next: reached === '' ? from : next || null };
  }

  async purge(
    partition: Partition,
    { state, endedUntilMs, isDry }: PurgeWalk,
    cursor: string | null,
  ): Promise<BulkPage> {
    const scripts = this.keys.scripts(partition);
    if (state === 'failed') {
      const done = await this.commands.repeatable((client) =>
        isDry
          ? client.zcount(this.keys.dead(partition), '-inf', endedUntilMs)
          : client.taskPurgeDead([...scripts, endedUntilMs]),
      );
      return { done, kept: 0, next: isDry || done === 0 ? null : SCAN_START };
    }
    const [next, ids] = await scanKeys(this.commands, this.keys.status(partition, ''), cursor ?? SCAN_START);
    let done = 0;
    for (let at = 0; at < ids.length; at += PAGE) {
      const call = [...scripts, isDry ? 1 : 0, state, endedUntilMs, ...ids.slice(at, at + PAGE)];
      done += await this.commands.repeatable((client) => client.taskPurgeEnded(call));
    }
    return { done, kept: 0, next: next === '' ? null : next };
  }

  async erase(
    partition: Partition,
    options: { force: boolean; isDry: boolean },
    cursor: string | null,
  ): Promise<BulkPage | QueueUse> {
    return this.erasing.page(partition, options, cursor);
  }

  private async walkList(partition: Partition, walk: BulkWalk, list: string, cursor: string | null): Promise<BulkPage> {
    const at = cursor === null ? await this.startOf(partition, list) : (JSON.parse(cursor) as ListPosition);
    const call = [...this.call(partition, walk), list, at.passed, at.mark, at.markedAt, at.left];
    const answer = await this.commands.repeatable((client) => client.taskSweepList(call));
    if (answer[0] === -1) throw layoutMismatch(partition, walk, answer);
    const [mark, looked, passed, markedAt, done, kept, atEnd] = answer;
    const next: ListPosition = { left: at.left - looked, passed, mark, markedAt };
    return { done, kept, next: atEnd === 1 || next.left <= 0 ? null : JSON.stringify(next) };
  }

  private async startOf(partition: Partition, list: string): Promise<ListPosition> {
    const key = list === '' ? this.keys.queue(partition) : this.keys.lane(partition, list);
    const length = await this.commands.repeatable((client) =>
      client.llen(list === 'suspects' ? this.keys.suspects(partition) : key),
    );
    return { left: length, passed: 0, mark: '', markedAt: 0 };
  }

  private async *members(key: string): AsyncGenerator<string> {
    const page = async (client: Redis, cursor: string): Promise<[string, string[]]> =>
      client.zscan(key, cursor, 'COUNT', PAGE);
    for await (const [, entries] of scanAll(this.commands, page)) yield* entries.filter((_, row) => row % 2 === 0);
  }

  /** What `sweeping.lua` reads. */
  private call(partition: Partition, { action, filter, isDry }: BulkWalk, state = ''): (string | number)[] {
    const other = action.kind === 'move' ? action.to : partition;
    const reason = action.kind === 'end' ? action.reason : `${action.to}:`;
    const call = [
      ...this.keys.scripts(partition),
      ...this.keys.scripts(other),
      isDry ? 1 : 0,
      action.kind,
      reason,
      action.ttlMs,
    ];
    call.push(filter.name ?? '', filter.text ?? '', filter.addedUntilMs ?? '', state, LAYOUT_VERSION);
    return [...call, action.kind === 'move' && action.withStatus ? 1 : 0];
  }
}

function layoutMismatch(
  partition: Partition,
  { action }: BulkWalk,
  [, layout, isOfOther]: UnknownLayout,
): LayoutMismatchError {
  return new LayoutMismatchError(
    isOfOther === 1 && action.kind === 'move' ? action.to : partition,
    layout,
    LAYOUT_VERSION,
  );
}

import type { Redis } from 'ioredis';
import { LayoutMismatchError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import {
  type Declaration,
  type DueSchedule,
  type DueSchedules,
  type NewSchedule,
  type ScheduleRecord,
  type ScheduleStore,
  TICK_PREFIX,
  type TickAnswer,
  type TickRequest,
  type Upserted,
} from '../schedule-store.js';
import type { RedisConnection } from './redis-connection.js';
import { LAYOUT_VERSION, type RedisKeys } from './redis-keys.js';
import type { RedisWatch } from './redis-watch.js';
import { readSchedule, SCHEDULE_FIELDS } from './schedule-record.js';

/** How many schedules one queue may have. */
const MAX_SCHEDULES = 10_000;
/** How many are looked at in one call. */
const DUE_PAGE = 50;
const LIST_PAGE = 200;
const NEVER = '+inf';
const UPSERTED = ['unchanged', 'created', 'changed'] as const;
const ANSWERS: readonly TickAnswer[] = ['known', 'made', 'full', 'skipped', 'queued', 'refused'];

/** Keeps schedules in Redis: an index by the next tick, and a hash for each. */
export class RedisSchedules implements ScheduleStore {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly health: RedisWatch,
  ) {}

  async clock(partition: Partition, name: string): Promise<{ nowMs: number; lastMs: number | null }> {
    const key = this.keys.schedule(partition, name);
    const [[seconds, micros], last] = await this.commands.repeatable((client) =>
      Promise.all([client.time(), client.hget(key, 'last')]),
    );
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    return { nowMs, lastMs: last === null ? null : Number(last) };
  }

  async upsert(
    partition: Partition,
    schedule: NewSchedule,
    nextMs: number,
    declaration: Declaration | undefined,
  ): Promise<Upserted> {
    const { name, timing, catchUp, overlap, task, body, expiresInMs } = schedule;
    const head = JSON.stringify({ id: `${TICK_PREFIX}${name}:` }).slice(0, -2);
    const call = [...this.keys.scripts(partition), LAYOUT_VERSION, MAX_SCHEDULES];
    call.push(declaration ? 1 : 0, declaration?.owner ?? '', name, nextMs);
    call.push(timing, catchUp, overlap, task, head, body, expiresInMs ?? '');
    const answer = await this.commands.repeatable((client) => client.taskUpsertSchedule(call));
    if (answer[0] === -1) throw new LayoutMismatchError(partition, answer[1], LAYOUT_VERSION);
    if (answer[0] === 3) return { kind: 'owned', owner: answer[1] };
    if (answer[0] === 4) return { kind: 'tooMany' };
    return { kind: UPSERTED[answer[0]], nextMs: finite(answer[1]) };
  }

  async remove(partition: Partition, name: string, owner = ''): Promise<boolean> {
    const call = [...this.keys.scripts(partition), name, owner];
    return (await this.commands.repeatable((client) => client.taskRemoveSchedule(call))) === 1;
  }

  async pause(partition: Partition, name: string): Promise<boolean> {
    const call = [...this.keys.scripts(partition), name];
    return (await this.commands.repeatable((client) => client.taskPauseSchedule(call))) === 1;
  }

  async resume(partition: Partition, name: string, timing: string, nextMs: number): Promise<boolean | 'changed'> {
    const call = [...this.keys.scripts(partition), name, timing, nextMs];
    const answer = await this.commands.repeatable((client) => client.taskPauseSchedule(call));
    return answer === 2 ? 'changed' : answer === 1;
  }

  async due(partition: Partition, passedOver = 0): Promise<DueSchedules> {
    const call = [...this.keys.scripts(partition), DUE_PAGE + passedOver];
    const [nowMs, nextInMs, revision, fields] = await this.commands.repeatable((client) =>
      client.taskDueSchedules(call),
    );
    const due: DueSchedule[] = [];
    for (let at = 0; at < fields.length; at += 4) {
      const [name, tickMs, timing, catchUp] = fields.slice(at, at + 4);
      due.push({ name: String(name), tickMs: Number(tickMs), timing: String(timing), catchUp: String(catchUp) });
    }
    return { nowMs, due, nextInMs: nextInMs < 0 ? null : nextInMs, revision };
  }

  async tick(partition: Partition, request: TickRequest): Promise<TickAnswer[] | null> {
    const { name, timing, tickMs, ticks, nextMs, maxLength } = request;
    const call = [...this.keys.scripts(partition), LAYOUT_VERSION, Number.isFinite(maxLength) ? maxLength : 0];
    call.push(name, timing, tickMs, nextMs ?? NEVER);
    for (const tick of ticks) call.push(tick, new Date(tick).toISOString());
    const adding = this.commands.repeatable((client) => client.taskTick(call));
    const answers = ticks.length > 0 ? await this.health.adding(adding) : await adding;
    const [first, version = 0] = answers;
    if (first === -1) throw new LayoutMismatchError(partition, version, LAYOUT_VERSION);
    if (answers.length < ticks.length) return null;
    return answers.map((answer) => ANSWERS[answer] ?? 'known');
  }

  async run(partition: Partition, name: string, id: string, maxLength: number): Promise<TickAnswer | null> {
    const call = [
      ...this.keys.scripts(partition),
      LAYOUT_VERSION,
      Number.isFinite(maxLength) ? maxLength : 0,
      name,
      id,
    ];
    const [code, version = 0] = await this.health.adding(
      this.commands.repeatable((client) => client.taskRunSchedule(call)),
    );
    if (code === -1) throw new LayoutMismatchError(partition, version, LAYOUT_VERSION);
    return code === 0 ? null : (ANSWERS[code] ?? null);
  }

  async get(partition: Partition, name: string): Promise<ScheduleRecord | null> {
    return this.commands.repeatable((client) => this.read(client, partition, name));
  }

  async list(partition: Partition): Promise<ScheduleRecord[]> {
    // By name, and not by rank: while one page is read others move on.
    const key = this.keys.schedules(partition);
    const names = await this.commands.repeatable((client) => client.zrange(key, '0', String(MAX_SCHEDULES)));
    const records: ScheduleRecord[] = [];
    for (let at = 0; at < names.length; at += LIST_PAGE) {
      const page = names.slice(at, at + LIST_PAGE);
      const read = await this.commands.repeatable((client) =>
        Promise.all(page.map((name) => this.read(client, partition, name))),
      );
      records.push(...read.filter((record) => record !== null));
    }
    return records;
  }

  async queuesOf(owner: string): Promise<string[]> {
    return this.commands.repeatable((client) => client.smembers(this.keys.scheduleQueues(owner)));
  }

  async noteQueuesOf(owner: string, queues: readonly string[]): Promise<void> {
    if (queues.length === 0) return;
    await this.commands.repeatable((client) => client.sadd(this.keys.scheduleQueues(owner), ...queues));
  }

  private async read(client: Redis, partition: Partition, name: string): Promise<ScheduleRecord | null> {
    const [next, fields] = await Promise.all([
      client.zscore(this.keys.schedules(partition), name),
      client.hmget(this.keys.schedule(partition, name), ...SCHEDULE_FIELDS),
    ]);
    return readSchedule(name, next, fields);
  }
}

function finite(score: string): number | null {
  const ms = Number(score);
  return Number.isFinite(ms) ? ms : null;
}

import { expect } from 'vitest';
import { encodeEnvelope } from '../../lib/broker/envelope.js';
import { partitionOf } from '../../lib/broker/partition.js';
import type { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import { type DamageKind, type RepairReport, TaskQueueAdmin } from '../../lib/index.js';
import { TaskQueueSettings } from '../../lib/options/task-queue-settings.js';
import { ManualWorker, newTask, openBroker } from './broker-fixture.js';
import { eventually } from './eventually.js';
import { redisFixture } from './redis-fixture.js';
import { startApp } from './test-app.js';
import { workHandler } from './work-handler.js';

/** How much there is to do: in one step, for tasks go from one place to another meanwhile. */
const COUNT_LEFT = `
local lists = {unpack(KEYS, 2)}
return redis.call('EXISTS', unpack(lists)) + #redis.call('KEYS', ARGV[1] .. 'task_active:*')
  + redis.call('ZCOUNT', KEYS[1], '-inf', ARGV[2])
`;

/** Something that is wrong with queue `q`, and what a repair makes of it. */
export interface DamageCase {
  what: string;
  kind: DamageKind;
  damage: () => Promise<unknown>;
  /** What a dry run finds as well, because it does not mend the cause. */
  also?: DamageKind[];
  after: () => Promise<unknown>;
  /** Tasks that run once afterwards, and no others. */
  runs?: string[];
}

/** An envelope of a task whose data are its id. */
export const envelope = (id: string, attempt = 0): string =>
  encodeEnvelope(id, 'work', JSON.stringify(id)).replace('"attempt":0', `"attempt":${attempt}`);

export const LATER = Date.now() + 3_600_000;

/** Kind → number found and number mended. */
export function counts({ damages }: RepairReport): Record<string, [found: number, repaired: number]> {
  return Object.fromEntries(damages.map(({ kind, found, repaired }) => [kind, [found, repaired]]));
}

const q = partitionOf('q');

/** Queue `q` under the prefix of the running test, to be damaged by hand. */
export function damagedQueue(file: string) {
  const fixture = redisFixture(file);
  const { redis } = fixture;
  const key = (name: string): string => `${fixture.prefix}${name}`;
  const statusKey = (id: string): string => key(`task_status:{q}:${id}`);

  function open(): { broker: RedisBroker; admin: TaskQueueAdmin } {
    const broker = openBroker(fixture);
    const settings = new TaskQueueSettings({ redis: fixture.url, prefix: fixture.prefix });
    return { broker, admin: new TaskQueueAdmin(broker, settings) };
  }

  /** Everything under the prefix but times to live. */
  async function dump(): Promise<Record<string, unknown>> {
    const all: Record<string, unknown> = {};
    for (const name of await fixture.keys()) {
      const type = await redis.type(key(name));
      const expires = (await redis.pttl(key(name))) >= 0;
      all[name] = [expires, await CONTENTS[type as keyof typeof CONTENTS](key(name))];
    }
    return all;
  }

  const CONTENTS = {
    string: (name: string): Promise<unknown> => fixture.redis.get(name),
    list: (name: string): Promise<unknown> => fixture.redis.lrange(name, 0, -1),
    hash: (name: string): Promise<unknown> => fixture.redis.hgetall(name),
    set: (name: string): Promise<unknown> => fixture.redis.smembers(name),
    zset: (name: string): Promise<unknown> => fixture.redis.zrange(name, '0', '-1', 'WITHSCORES'),
  };

  /** Works off what there is, and returns how often each task ran. */
  async function workOff(): Promise<Map<string, number>> {
    const runs = new Map<string, number>();
    const handler = workHandler((data: string) => void runs.set(data, (runs.get(data) ?? 0) + 1), { queue: 'q' });
    const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [handler]);
    const lists = ['task_queue:{q}', 'task_suspects:{q}', 'task_priorities:{q}', 'task_turns:{q}'].map(key);
    const rest = [key('task_scheduled:{q}'), ...lists];
    await eventually(async () => {
      const left = Number(
        await fixture.redis.eval(COUNT_LEFT, rest.length, ...rest, fixture.prefix, Date.now() + 60_000),
      );
      if (left > 0) await fixture.redis.lpush(key('task_bell:{q}'), '1');
      return left === 0;
    });
    await app.close();
    return runs;
  }

  const state = (id: string): Promise<string | null> => fixture.redis.hget(statusKey(id), 'state');

  async function addTask(id: string, priority = 0): Promise<void> {
    const data = JSON.stringify(id);
    await open().broker.enqueue(q, [newTask(id, { name: 'work', data, priority })], { inLanes: true });
  }

  async function hold(worker: string, ...ids: string[]): Promise<ManualWorker> {
    const { broker } = open();
    for (const id of ids) await addTask(id);
    const manual = await new ManualWorker(broker, q, worker).join();
    await manual.claim(ids.length);
    return manual;
  }

  async function schedule(...ids: string[]): Promise<void> {
    const worker = await hold('scheduler', ...ids);
    await worker.exchange(
      0,
      ids.map((id) => ({ kind: 'retrying', id, error: '{"name":"E"}', ranMs: 1, delayMs: 3_600_000 })),
    );
    await open().broker.leave(q, 'scheduler');
  }

  async function die(id: string): Promise<void> {
    const worker = await hold('undertaker', id);
    await worker.exchange(0, [{ kind: 'failed', id, error: '{"name":"E"}', ranMs: 1, ttlMs: 3_600_000 }]);
    await open().broker.leave(q, 'undertaker');
  }

  /** Damages, looks, mends, looks again, and lets a worker at it. */
  async function expectMended({ kind, damage, also = [], after, runs }: DamageCase): Promise<void> {
    await damage();
    const { admin } = open();
    const before = await dump();
    const dry = await admin.repair('q', { dryRun: true });
    expect(await dump()).toEqual(before);
    expect(dry.isClean).toBe(false);
    expect(counts(dry)).toEqual(Object.fromEntries([kind, ...also].map((each) => [each, [1, 0]])));

    const report = await admin.repair('q');
    expect(counts(report)).toMatchObject({ [kind]: [1, 1] });
    expect([kind, ...also]).toEqual(expect.arrayContaining(Object.keys(counts(report))));
    expect(report.isClean).toBe(false);
    expect((await admin.repair('q')).damages).toEqual([]);
    await after();
    if (!runs) return;
    expect(await workOff()).toEqual(new Map(runs.map((id) => [id, 1])));
    expect((await admin.repair('q')).damages).toEqual([]);
  }

  return { fixture, redis, key, statusKey, open, dump, state, addTask, hold, schedule, die, expectMended };
}

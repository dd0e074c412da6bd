import { describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { type DamageKind, type RepairReport, TaskQueueAdmin } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('repair');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const statusKey = (id: string): string => key(`task_status:{q}:${id}`);
const envelope = (id: string, attempt = 0): string =>
  encodeEnvelope(id, 'work', JSON.stringify(id)).replace('"attempt":0', `"attempt":${attempt}`);
const LATER = Date.now() + 3_600_000;

function open(): { broker: RedisBroker; admin: TaskQueueAdmin } {
  const broker = openBroker(fixture);
  const settings = new TaskQueueSettings({ redis: fixture.url, prefix: fixture.prefix });
  return { broker, admin: new TaskQueueAdmin(broker, settings) };
}

/** Everything under the prefix but times to live. */
async function dump(): Promise<Record<string, unknown>> {
  const { redis } = fixture;
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
  zset: (name: string): Promise<unknown> => fixture.redis.zrange(name, '0', '-1', 'WITHSCORES'),
};

/** Kind → number found and number mended. */
function counts({ damages }: RepairReport): Record<string, [found: number, repaired: number]> {
  return Object.fromEntries(damages.map(({ kind, found, repaired }) => [kind, [found, repaired]]));
}

/** Works off what there is, and returns how often each task ran. */
async function workOff(): Promise<Map<string, number>> {
  const runs = new Map<string, number>();
  const handler = workHandler((data: string) => void runs.set(data, (runs.get(data) ?? 0) + 1), { queue: 'q' });
  const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [handler]);
  const rest = ['task_queue:{q}', 'task_suspects:{q}'].map(key);
  await eventually(async () => {
    const held = (await fixture.keys()).filter((name) => name.startsWith('task_active:'));
    const due = await fixture.redis.zcount(key('task_scheduled:{q}'), '-inf', Date.now() + 60_000);
    const left = (await fixture.redis.exists(...rest)) + held.length + due;
    if (left > 0) await fixture.redis.lpush(key('task_bell:{q}'), '1');
    return left === 0;
  });
  await app.close();
  return runs;
}

const state = (id: string): Promise<string | null> => fixture.redis.hget(statusKey(id), 'state');

async function addTask(id: string): Promise<void> {
  await open().broker.enqueue(q, [{ ...newTask(id), name: 'work', envelope: envelope(id) }]);
}

async function hold(worker: string, ...ids: string[]): Promise<ManualWorker> {
  const { broker } = open();
  for (const id of ids) await addTask(id);
  const manual = await new ManualWorker(broker, q, worker).join();
  await manual.claim(ids.length);
  return manual;
}

async function schedule(id: string): Promise<void> {
  const worker = await hold('scheduler', id);
  await worker.exchange(0, [{ kind: 'retrying', id, error: '{"name":"E"}', ranMs: 1, delayMs: 3_600_000 }]);
  await open().broker.leave(q, 'scheduler');
}

async function die(id: string): Promise<void> {
  const worker = await hold('undertaker', id);
  await worker.exchange(0, [{ kind: 'failed', id, error: '{"name":"E"}', ranMs: 1, ttlMs: 3_600_000 }]);
  await open().broker.leave(q, 'undertaker');
}

interface Case {
  what: string;
  kind: DamageKind;
  damage: () => Promise<unknown>;
  /** What a dry run finds as well, because it does not mend the cause. */
  also?: DamageKind[];
  after: () => Promise<unknown>;
  /** Tasks that run once afterwards, and no others. */
  runs?: string[];
}

const { redis } = fixture;

const CASES: Case[] = [
  {
    what: 'a scheduled id whose envelope is gone',
    kind: 'scheduledWithoutEnvelope',
    damage: async () => {
      await schedule('x');
      await redis.hdel(key('task_parked:{q}'), 'x');
    },
    after: async () => {
      expect(await redis.exists(key('task_scheduled:{q}'))).toBe(0);
      const status = await redis.hgetall(statusKey('x'));
      expect(status).toMatchObject({ state: 'failed', error: expect.stringContaining('no data') as string });
      expect(status['error:1']).toContain('"E"');
      expect(await redis.pttl(statusKey('x'))).toBeGreaterThan(6 * 24 * 3_600_000);
    },
  },
  {
    what: 'a dead letter whose envelope is gone',
    kind: 'deadWithoutEnvelope',
    damage: async () => {
      await die('x');
      await redis.hdel(key('task_parked:{q}'), 'x');
    },
    after: async () => expect(await redis.exists(key('task_dead:{q}'))).toBe(0),
  },
  {
    what: 'a retrying envelope without its time',
    kind: 'parkedWithoutIndex',
    damage: async () => {
      await schedule('x');
      await redis.zrem(key('task_scheduled:{q}'), 'x');
    },
    after: async () => expect(await state('x')).toBe('retrying'),
    runs: ['x'],
  },
  {
    what: 'an envelope of which nothing else is known',
    kind: 'parkedWithoutIndex',
    damage: () => redis.hset(key('task_parked:{q}'), 'x', envelope('x')),
    after: async () => expect(await state('x')).toBe('scheduled'),
    runs: ['x'],
  },
  {
    what: 'the envelope of a dead letter without its entry',
    kind: 'parkedWithoutIndex',
    damage: async () => {
      await die('x');
      await redis.zrem(key('task_dead:{q}'), 'x');
    },
    after: async () => {
      const died = await redis.hget(statusKey('x'), 'finished');
      expect(await redis.zscore(key('task_dead:{q}'), 'x')).toBe(died);
    },
    runs: [],
  },
  {
    what: 'the envelope of a completed task',
    kind: 'parkedWithoutIndex',
    damage: async () => {
      await (await hold('w', 'x')).exchange(0, [completed('x')]);
      await redis.hset(key('task_parked:{q}'), 'x', envelope('x'));
    },
    after: async () => expect(await redis.exists(key('task_parked:{q}'))).toBe(0),
    runs: [],
  },
  {
    what: 'an id that is scheduled and dead',
    kind: 'scheduledAndDead',
    damage: async () => {
      await schedule('x');
      await redis.zadd(key('task_dead:{q}'), 1, 'x');
    },
    after: async () => {
      expect(await redis.exists(key('task_dead:{q}'))).toBe(0);
      expect(await state('x')).toBe('retrying');
      await redis.zadd(key('task_scheduled:{q}'), 1, 'x');
    },
    runs: ['x'],
  },
  {
    what: 'a worker without a lease that holds tasks',
    kind: 'unlistedWorker',
    damage: async () => {
      await hold('lost', 'x', 'y');
      await redis.del(key('task_workers:{q}'));
    },
    after: async () => expect(await redis.zscore(key('task_workers:{q}'), 'lost')).toBe('1'),
    runs: ['x', 'y'],
  },
  ...['waiting', 'active', 'retrying', 'scheduled'].map((which): Case => ({
    what: `a status ${which} without a task`,
    kind: 'statusWithoutTask',
    damage: async () => {
      await addTask('y');
      await redis.hset(statusKey('x'), { state: which, name: 'work', created: 1 });
    },
    after: async () => {
      expect(await redis.hgetall(statusKey('x'))).toMatchObject({
        state: 'failed',
        finished: expect.any(String) as string,
        error: expect.stringContaining('"no task"') as string,
      });
      expect(await redis.pttl(statusKey('x'))).toBeGreaterThan(6 * 24 * 3_600_000);
      expect(await state('y')).toBe('waiting');
    },
    runs: ['y'],
  })),
  {
    what: 'a waiting task without a status',
    kind: 'taskWithoutStatus',
    damage: async () => {
      await addTask('x');
      await redis.del(statusKey('x'));
    },
    after: async () => expect(await redis.hgetall(statusKey('x'))).toMatchObject({ state: 'waiting', name: 'work' }),
    runs: ['x'],
  },
  {
    what: 'a suspect without a status',
    kind: 'taskWithoutStatus',
    damage: () => redis.rpush(key('task_suspects:{q}'), envelope('x', 2)),
    after: async () =>
      expect(await redis.hgetall(statusKey('x'))).toMatchObject({ state: 'waiting', name: 'work', attempt: '2' }),
    runs: ['x'],
    also: ['silentBell'],
  },
  {
    what: 'a scheduled task without a status',
    kind: 'taskWithoutStatus',
    damage: async () => {
      await schedule('x');
      await redis.del(statusKey('x'));
    },
    after: async () =>
      expect(await redis.hgetall(statusKey('x'))).toMatchObject({
        state: 'retrying',
        name: 'work',
        attempt: '1',
        due: await redis.zscore(key('task_scheduled:{q}'), 'x'),
      }),
  },
  {
    what: 'an active task without a status',
    kind: 'taskWithoutStatus',
    damage: async () => {
      await hold('w', 'x');
      await redis.del(statusKey('x'));
    },
    after: async () => expect(await redis.hgetall(statusKey('x'))).toMatchObject({ state: 'active', name: 'work' }),
  },
  ...['completed', 'failed', 'cancelled', 'active', 'scheduled'].map((which): Case => ({
    what: `a waiting task whose status says ${which}`,
    kind: 'wrongStatus',
    damage: async () => {
      await addTask('x');
      await redis.hset(statusKey('x'), { state: which, finished: 1, due: 1 });
      if (['completed', 'failed', 'cancelled'].includes(which)) await redis.pexpire(statusKey('x'), 60_000);
    },
    after: async () => {
      expect(await redis.hgetall(statusKey('x'))).toEqual({
        state: 'waiting',
        name: 'work',
        created: expect.any(String) as string,
      });
      expect(await redis.pttl(statusKey('x'))).toBe(-1);
    },
    runs: ['x'],
  })),
  {
    what: 'an active task whose status says that it waits for its time',
    kind: 'wrongStatus',
    damage: async () => {
      await hold('w', 'x');
      await redis.hset(statusKey('x'), { state: 'scheduled', due: 1 });
    },
    after: async () => expect(await state('x')).toBe('active'),
  },
  {
    what: 'a scheduled task whose status says waiting',
    kind: 'wrongStatus',
    damage: async () => {
      await schedule('x');
      await redis.hset(statusKey('x'), 'state', 'waiting');
    },
    after: async () => expect(await state('x')).toBe('retrying'),
  },
  {
    what: 'a dead letter whose status says retrying',
    kind: 'wrongStatus',
    damage: async () => {
      await die('x');
      await redis.hset(statusKey('x'), 'state', 'retrying');
      await redis.persist(statusKey('x'));
    },
    after: async () => {
      expect(await state('x')).toBe('failed');
      expect(await redis.pttl(statusKey('x'))).toBeGreaterThan(0);
      expect(await redis.zcard(key('task_dead:{q}'))).toBe(1);
    },
  },
  {
    what: 'a dead letter whose status says waiting',
    kind: 'wrongStatus',
    damage: async () => {
      await die('x');
      await redis.hset(statusKey('x'), 'state', 'waiting');
      await redis.persist(statusKey('x'));
    },
    after: async () => expect(await state('x')).toBe('failed'),
  },
  {
    what: 'a task that was called off while it waited, and whose status does not say so',
    kind: 'wrongStatus',
    damage: async () => {
      await addTask('x');
      await redis.hset(key('task_cancel:{q}'), 'x', 'off');
    },
    after: async () => expect(await redis.hgetall(statusKey('x'))).toMatchObject({ state: 'cancelled', reason: 'off' }),
    runs: [],
  },
  {
    what: 'something called off that is not there',
    kind: 'cancelWithoutTask',
    damage: () => redis.hset(key('task_cancel:{q}'), 'x', 'off'),
    after: async () => {
      expect(await redis.exists(key('task_cancel:{q}'))).toBe(0);
      await addTask('x');
    },
    runs: ['x'],
  },
  {
    what: 'something called off that waits for its time',
    kind: 'cancelWithoutTask',
    damage: async () => {
      await schedule('x');
      await redis.hset(key('task_cancel:{q}'), 'x', 'off');
    },
    after: async () => {
      expect(await redis.exists(key('task_cancel:{q}'))).toBe(0);
      expect(await state('x')).toBe('retrying');
    },
  },
  {
    what: 'tasks beside an empty bell',
    kind: 'silentBell',
    damage: async () => {
      await addTask('x');
      await redis.del(key('task_bell:{q}'));
    },
    after: async () => expect(await redis.llen(key('task_bell:{q}'))).toBe(1),
    runs: ['x'],
  },
  {
    what: 'the same task twice in the queue, one of them tried before',
    kind: 'sameIdTwice',
    damage: async () => {
      await addTask('x');
      for (let i = 0; i < 150; i++) await addTask(`y${i}`);
      await redis.lpush(key('task_queue:{q}'), envelope('x', 1));
    },
    after: async () => {
      expect(await redis.llen(key('task_queue:{q}'))).toBe(151);
      expect(await redis.lindex(key('task_queue:{q}'), -1)).toBe(envelope('x', 1));
    },
    runs: ['x', ...Array.from({ length: 150 }, (_, i) => `y${i}`)],
  },
  {
    what: 'the same task twice in one page, with the same bytes',
    kind: 'sameIdTwice',
    damage: async () => {
      for (const id of ['a', 'x', 'b']) await addTask(id);
      await redis.lpush(key('task_queue:{q}'), envelope('x'));
      await addTask('c');
    },
    after: async () =>
      expect(await redis.lrange(key('task_queue:{q}'), 0, -1)).toEqual(['c', 'b', 'x', 'a'].map((id) => envelope(id))),
    runs: ['a', 'b', 'c', 'x'],
  },
  {
    what: 'two tasks of one id in the queue',
    kind: 'sameIdTwice',
    damage: async () => {
      await addTask('x');
      await redis.lpush(key('task_queue:{q}'), encodeEnvelope('x', 'work', '"other"'));
    },
    after: async () => {
      const ids = (await redis.lrange(key('task_queue:{q}'), 0, -1)).map(
        (text) => (JSON.parse(text) as { id: string }).id,
      );
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(await state(id)).toBe('waiting');
    },
    runs: ['x', 'other'],
  },
  {
    what: 'a task that waits and is a suspect as well',
    kind: 'sameIdTwice',
    damage: async () => {
      await addTask('x');
      await redis.rpush(key('task_suspects:{q}'), envelope('x', 2));
    },
    after: async () => {
      expect(await redis.exists(key('task_suspects:{q}'))).toBe(0);
      expect(await redis.lrange(key('task_queue:{q}'), 0, -1)).toEqual([envelope('x', 2)]);
    },
    runs: ['x'],
  },
  {
    what: 'a task that is active and waits',
    kind: 'sameIdTwice',
    damage: async () => {
      await hold('w', 'x');
      await redis.lpush(key('task_queue:{q}'), envelope('x'));
    },
    after: async () => {
      expect(await redis.exists(key('task_queue:{q}'))).toBe(0);
      expect(await state('x')).toBe('active');
      await redis.zadd(key('task_workers:{q}'), 1, 'w');
    },
    runs: ['x'],
  },
  {
    what: 'another task that has the id of an active one and waits',
    kind: 'sameIdTwice',
    damage: async () => {
      await hold('w', 'x');
      await redis.lpush(key('task_queue:{q}'), encodeEnvelope('x', 'work', '"other"'));
    },
    after: async () => {
      expect(await redis.llen(key('task_queue:{q}'))).toBe(1);
      await redis.zadd(key('task_workers:{q}'), 1, 'w');
    },
    runs: ['x', 'other'],
  },
  {
    what: 'a task that waits and is scheduled as well',
    kind: 'sameIdTwice',
    also: ['wrongStatus'],
    damage: async () => {
      await addTask('x');
      await redis.zadd(key('task_scheduled:{q}'), LATER, 'x');
      await redis.hset(key('task_parked:{q}'), 'x', envelope('x', 1));
    },
    after: async () => {
      expect(await redis.exists(key('task_scheduled:{q}'), key('task_parked:{q}'))).toBe(0);
      expect(await redis.lrange(key('task_queue:{q}'), 0, -1)).toEqual([envelope('x', 1)]);
    },
    runs: ['x'],
  },
  {
    what: 'a task that is active and scheduled as well',
    kind: 'sameIdTwice',
    damage: async () => {
      await hold('w', 'x');
      await redis.zadd(key('task_scheduled:{q}'), 1, 'x');
      await redis.hset(key('task_parked:{q}'), 'x', envelope('x', 1));
    },
    after: async () => {
      expect(await redis.exists(key('task_scheduled:{q}'), key('task_parked:{q}'))).toBe(0);
      await redis.zadd(key('task_workers:{q}'), 1, 'w');
    },
    runs: ['x'],
  },
  {
    what: 'another task that has the id of an active one and is scheduled',
    kind: 'sameIdTwice',
    damage: async () => {
      await hold('w', 'x');
      await redis.zadd(key('task_scheduled:{q}'), 1, 'x');
      await redis.hset(key('task_parked:{q}'), 'x', encodeEnvelope('x', 'work', '"other"'));
    },
    after: async () => {
      expect(await redis.zcard(key('task_scheduled:{q}'))).toBe(1);
      expect(await redis.hexists(key('task_parked:{q}'), 'x')).toBe(0);
      await redis.zadd(key('task_workers:{q}'), 1, 'w');
    },
    runs: ['x', 'other'],
  },
  {
    what: 'the bell of a worker that rings for ever',
    kind: 'bellWithoutExpiry',
    damage: () => redis.lpush(key('task_bell:{q}:gone'), '1'),
    after: async () => expect(await redis.pttl(key('task_bell:{q}:gone'))).toBeGreaterThan(0),
  },
  ...(['completed', 'failed', 'cancelled'] as const).map((which): Case => ({
    what: `a status ${which} that never expires`,
    kind: 'wrongExpiry',
    damage: () => redis.hset(statusKey('x'), { state: which, name: 'work', finished: Date.now() }),
    after: async () => {
      const hours = (await redis.pttl(statusKey('x'))) / 3_600_000;
      expect(Math.round(hours)).toBe(which === 'failed' ? 168 : 24);
    },
  })),
  {
    what: 'a status waiting that expires',
    kind: 'wrongExpiry',
    damage: async () => {
      await addTask('x');
      await redis.pexpire(statusKey('x'), 60_000);
    },
    after: async () => expect(await redis.pttl(statusKey('x'))).toBe(-1),
    runs: ['x'],
  },
];

describe('repair', () => {
  it.each(CASES)('finds and mends $what', async ({ kind, damage, also = [], after, runs }) => {
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
  });

  it('leaves alone what two workers run', async () => {
    await hold('w1', 'x');
    await redis.hset(key('task_active:{q}:w2'), 'x', envelope('x'));
    await redis.zadd(key('task_workers:{q}'), LATER, 'w2');
    const { admin } = open();
    const before = await dump();
    expect(counts(await admin.repair('q'))).toEqual({ sameIdTwice: [1, 0] });
    expect(await dump()).toEqual(before);
  });

  it('counts all, and names a few', async () => {
    for (let i = 0; i < 250; i++) await redis.hset(statusKey(`x${i}`), { state: 'waiting', name: 'work' });
    const report = await open().admin.repair('q');
    expect(counts(report)).toEqual({ statusWithoutTask: [250, 250] });
    expect(report.damages[0]?.examples).toHaveLength(10);
    expect(report.damages[0]?.examples[0]).toMatch(/^q:x\d+$/);
  });

  it('finds nothing in a healthy queue', async () => {
    const { broker, admin } = open();
    await die('dead');
    await schedule('retrying');
    await (await hold('w', 'completed')).exchange(0, [completed('completed')]);
    const worker = await hold('w', 'active', 'stopping', 'later');
    await worker.exchange(0, [{ kind: 'snoozed', id: 'later', delayMs: 3_600_000 }]);
    await addTask('quick');
    await worker.exchange(1, [], { marks: false });
    await broker.cancel(q, 'stopping', 'off', 60_000);
    for (const id of ['waiting', 'tombstone', 'tombstone-0']) await addTask(id);
    await broker.cancel(q, 'tombstone', 'off', 60_000);
    await broker.cancel(q, 'tombstone-0', 'off', 0);
    await redis.lpush(key('task_queue:{q}'), '{"name":"work","data":1}', 'garbage');
    await redis.set(key('task_status:{q}:foreign'), 'text');
    const before = await dump();
    expect((await admin.repair('q')).damages).toEqual([]);
    expect(await dump()).toEqual(before);
  });

  it('refuses wrong arguments, and a layout that it does not know', async () => {
    const { admin } = open();
    await expect(admin.repair('no queue')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    await expect(admin.repair('q', { dryRun: 1 } as never)).rejects.toThrow('"dryRun"');
    await redis.hset(key('task_meta:{q}'), 'layout', 2);
    await expect(admin.repair('q')).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
  });
});

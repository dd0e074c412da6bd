import { expect, it } from 'vitest';
import { type DamageCase, damagedQueue, envelope } from '../../support/damaged-queue.js';

const { key, statusKey, state, addTask, hold, schedule, die, redis, expectMended } = damagedQueue('repair-statuses');

const CASES: DamageCase[] = [
  ...['waiting', 'active', 'retrying', 'scheduled'].map(statusWithoutTask),
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
    what: 'a waiting task with a priority and without a status',
    kind: 'taskWithoutStatus',
    damage: async () => {
      await addTask('x', -7);
      await redis.del(statusKey('x'));
    },
    after: async () =>
      expect(await redis.hgetall(statusKey('x'))).toMatchObject({ state: 'waiting', name: 'work', priority: '-7' }),
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
  ...['completed', 'failed', 'cancelled', 'active', 'scheduled'].map(waitingButSays),
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
  ...['completed', 'failed', 'cancelled'].map(neverExpires),
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

function statusWithoutTask(which: string): DamageCase {
  return {
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
  };
}

function waitingButSays(which: string): DamageCase {
  return {
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
  };
}

function neverExpires(which: string): DamageCase {
  return {
    what: `a status ${which} that never expires`,
    kind: 'wrongExpiry',
    damage: () => redis.hset(statusKey('x'), { state: which, name: 'work', finished: Date.now() }),
    after: async () => {
      const hours = (await redis.pttl(statusKey('x'))) / 3_600_000;
      expect(Math.round(hours)).toBe(which === 'failed' ? 168 : 24);
    },
  };
}

it.each(CASES)('finds and mends $what', async (damaged) => {
  await expectMended(damaged);
});

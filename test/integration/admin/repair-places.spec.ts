import { expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { completed, newTask } from '../../support/broker-fixture.js';
import { type DamageCase, damagedQueue, envelope } from '../../support/damaged-queue.js';

const { open, key, statusKey, state, addTask, hold, schedule, die, redis, expectMended } =
  damagedQueue('repair-places');

const CASES: DamageCase[] = [
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
    what: 'tasks of a name that wait for their turn, of which no list tells',
    kind: 'unnamedLane',
    damage: async () => {
      await addTask('x');
      await redis.rename(key('task_queue:{q}'), key('task_queue:{q}:turn:work'));
    },
    after: async () => expect(await redis.zcard(key('task_turns:{q}'))).toBe(1),
    runs: ['x'],
  },
  {
    what: 'a task that waits for its turn, without a status',
    kind: 'taskWithoutStatus',
    damage: async () => {
      await addTask('x');
      await redis.rename(key('task_queue:{q}'), key('task_queue:{q}:turn:work'));
      await redis.zadd(key('task_turns:{q}'), 1, 'work');
      await redis.del(statusKey('x'));
    },
    after: async () => expect(await state('x')).toBe('waiting'),
    runs: ['x'],
  },
  {
    what: 'a task that waits for its turn and for a worker',
    kind: 'sameIdTwice',
    damage: async () => {
      await addTask('x');
      await redis.copy(key('task_queue:{q}'), key('task_queue:{q}:turn:work'));
      await redis.zadd(key('task_turns:{q}'), 1, 'work');
    },
    after: async () => expect(await redis.exists(key('task_queue:{q}'), key('task_queue:{q}:turn:work'))).toBe(1),
    runs: ['x'],
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
  {
    what: 'a list of one priority that no worker looks at',
    kind: 'unnamedLane',
    damage: async () => {
      await addTask('x', 5);
      await redis.del(key('task_priorities:{q}'));
    },
    after: async () => expect(await redis.zscore(key('task_priorities:{q}'), 'priority:5')).toBe('-5'),
    runs: ['x'],
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
    what: 'a retrying task that is not counted as one',
    kind: 'wrongRetrying',
    damage: async () => {
      await schedule('x');
      await redis.del(key('task_scheduled:{q}:retrying'));
    },
    after: async () => expect(await redis.smembers(key('task_scheduled:{q}:retrying'))).toEqual(['x']),
  },
  {
    what: 'a scheduled task that is counted as retrying',
    kind: 'wrongRetrying',
    damage: async () => {
      await open().broker.schedule(partitionOf('q'), [{ ...newTask('x'), due: { inMs: 3_600_000 } }]);
      await redis.sadd(key('task_scheduled:{q}:retrying'), 'x');
    },
    after: async () => expect(await redis.exists(key('task_scheduled:{q}:retrying'))).toBe(0),
  },
  {
    what: 'a dead letter that is counted as retrying',
    kind: 'wrongRetrying',
    damage: async () => {
      await die('x');
      await redis.sadd(key('task_scheduled:{q}:retrying'), 'x');
    },
    after: async () => expect(await redis.exists(key('task_scheduled:{q}:retrying'))).toBe(0),
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
    what: 'the bell of a worker that rings for ever',
    kind: 'bellWithoutExpiry',
    damage: () => redis.lpush(key('task_bell:{q}:gone'), '1'),
    after: async () => expect(await redis.pttl(key('task_bell:{q}:gone'))).toBeGreaterThan(0),
  },
];

it.each(CASES)('finds and mends $what', async (damaged) => {
  await expectMended(damaged);
});

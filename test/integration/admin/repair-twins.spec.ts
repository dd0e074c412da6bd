import { expect, it } from 'vitest';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { counts, type DamageCase, damagedQueue, envelope, LATER } from '../../support/damaged-queue.js';

const { key, open, dump, state, addTask, hold, redis, expectMended } = damagedQueue('repair-twins');

const CASES: DamageCase[] = [
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
];

it.each(CASES)('finds and mends $what', async (damaged) => {
  await expectMended(damaged);
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

it('leaves alone two of one id where one was called off', async () => {
  await addTask('x');
  await redis.lpush(key('task_queue:{q}'), encodeEnvelope('x', 'work', '"other"'));
  const { broker, admin } = open();
  await broker.steering.cancel(partitionOf('q'), 'x', 'off', 60_000);
  const before = await dump();
  expect((await admin.repair('q')).damages).toEqual([]);
  expect(await dump()).toEqual(before);
});

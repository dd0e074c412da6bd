import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisKeys } from '../../../lib/broker/redis/redis-keys.js';
import { redisScripts } from '../../../lib/broker/redis/redis-scripts.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { Due, NewTask } from '../../../lib/broker/task-broker.js';
import { ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('schedule');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}task_${name}:{q}`;
const task = (id: string, due: Due, more: Partial<NewTask> = {}): NewTask => ({ ...newTask(id), due, ...more });
const rings = async (): Promise<boolean> => (await fixture.redis.rpop(key('bell'))) !== null;
const claimedIds = (claimed: readonly string[] = []): string[] => claimed.map((text) => decodeEnvelope(text).id);

async function start(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
  const broker = openBroker(fixture);
  return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
}

/** By Redis's clock. */
async function inMs(ms: number): Promise<number> {
  const [seconds, micros] = await fixture.redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) + ms;
}

describe('tasks that are due at the same moment', () => {
  it.each([500, 3_000])('come in the order in which they were added, whatever their ids: %s of them', async (count) => {
    const { broker, worker } = await start();
    const atMs = await inMs(1_500);
    const ids = Array.from({ length: count }, (_, n) => `${(n * 7919) % count}`);
    for (let first = 0; first < count; first += 50) {
      const page = ids.slice(first, first + 50).map((id) => task(id, { atMs }, { token: `t${id}` }));
      expect(await broker.schedule(q, page)).toEqual(page.map(() => 'created'));
    }
    expect(await worker.claim(1), 'none is due yet').toEqual([]);
    // All of them within a few ms, however many they are.
    await delay(Math.max(0, atMs - (await inMs(0))) + 5);
    expect(await worker.claim(count)).toEqual(ids);
  });

  it('come after what is due before, and before what is due later', async () => {
    const { broker, worker } = await start();
    const atMs = await inMs(-50);
    const last = await inMs(20);
    await broker.schedule(q, [task('late', { atMs: last }), task('z', { inMs: 0 }), task('a', { inMs: 0 })]);
    await fixture.redis.zadd(key('scheduled'), atMs, 'a');
    await delay(30);
    expect(await worker.claim(3)).toEqual(['a', 'z', 'late']);
  });
});

describe('a worker that sleeps', () => {
  it.each<[what: string, due: number, rings: boolean]>([
    ['is told of what is due before it would look', 4_000, true],
    ['is not told of what it will find by itself', 6_000, false],
  ])('%s', async (_, due, expected) => {
    const { broker } = await start();
    await broker.schedule(q, [task('a', { inMs: due })]);
    expect(await rings()).toBe(expected);
  });

  it('is not told of what is due after something that it knows of', async () => {
    const { broker } = await start();
    await broker.schedule(q, [task('a', { inMs: 1_000 })]);
    await rings();
    await broker.schedule(q, [task('b', { inMs: 1_500 })]);
    expect(await rings()).toBe(false);
    await broker.steering.reschedule(q, 'b', { inMs: 500 });
    expect(await rings()).toBe(true);
  });

  it('hands on the watch when it has no free slot any more, and when it leaves', async () => {
    const { broker, worker } = await start();
    await broker.schedule(q, [task('later', { inMs: 2_000 })]);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    await rings();
    await worker.exchange(3);
    expect(await rings(), 'it has a free slot').toBe(false);
    await broker.enqueue(q, [newTask('c')]);
    await rings();
    await worker.exchange(1);
    expect(await rings(), 'it has none').toBe(true);
    // What is fetched ahead takes no slot.
    await broker.enqueue(q, [newTask('d')]);
    await rings();
    await worker.exchange(3, [], { free: 0 });
    expect(await rings(), 'it had none before').toBe(true);
    await worker.exchange(3, [], { free: 0 });
    expect(await rings(), 'nothing has changed since').toBe(false);
    await worker.exchange(0, [{ kind: 'snoozed', id: 'a', delayMs: 1_000 }]);
    expect(await rings(), 'it has put off what is due next').toBe(true);
    await worker.exchange(0, [{ kind: 'snoozed', id: 'b', delayMs: 1_500 }]);
    expect(await rings(), 'something else is due before').toBe(false);
    await broker.leave(q, 'another');
    expect(await rings()).toBe(true);
    await broker.ringAgain(q);
    expect(await rings(), 'a token that nobody could use').toBe(true);
  });
});

describe('a task that is scheduled', () => {
  it('expires so long after it is due, also when that is moved', async () => {
    const { broker } = await start();
    const atMs = await inMs(100_000);
    await broker.schedule(q, [task('a', { atMs }, { expiresInMs: 500 })]);
    const expiry = async (): Promise<unknown> =>
      decodeEnvelope((await fixture.redis.hget(key('parked'), 'a')) ?? '').options?.expiresAt;
    expect(await expiry()).toBe(atMs + 500);
    await broker.steering.reschedule(q, 'a', { atMs: atMs + 7_000 });
    expect(await expiry()).toBe(atMs + 7_500);
  });

  it('is refused where as many are scheduled as may wait; those of ids that are known are not', async () => {
    const { broker } = await start();
    const tasks = ['a', 'b', 'c'].map((id) => task(id, { inMs: 9_000 }, { token: `t-${id}` }));
    expect(await broker.schedule(q, tasks, { maxLength: 2 })).toEqual(['created', 'created', 'full']);
    const again = [task('a', { inMs: 1 }, { token: 'other' })];
    expect(await broker.schedule(q, again, { maxLength: 2 })).toEqual(['known']);
    expect(await fixture.redis.zcard(key('scheduled'))).toBe(2);
  });
});

describe('what somebody else has written', () => {
  it.each(['inf', '-inf', '1e300', '-5'])(
    'a score of %s leaves the expiry as it is when the task is moved',
    async (score) => {
      const { broker } = await start();
      await broker.schedule(q, [task('a', { inMs: 60_000 }, { expiresInMs: 500 })]);
      const before = await fixture.redis.hget(key('parked'), 'a');
      await fixture.redis.zadd(key('scheduled'), score, 'a');
      expect(await broker.steering.reschedule(q, 'a', { inMs: 5_000 })).toBe(true);
      expect(await fixture.redis.hget(key('parked'), 'a')).toBe(before);
    },
  );

  it('an id without an envelope fails, and says when', async () => {
    const { broker, worker } = await start();
    await broker.schedule(q, [task('a', { inMs: 0 })]);
    await fixture.redis.del(key('parked'));
    await worker.exchange(1);
    const [status] = await broker.statuses(q, ['a']);
    expect(status).toMatchObject({ state: 'failed', due: null, finished: expect.any(Number) as number });
  });
});

describe('a call that is sent again', () => {
  it('answers that it moved a task, even if that runs by then; another call finds nothing to move', async () => {
    const { broker, worker } = await start();
    await broker.schedule(q, [task('a', { inMs: 60_000 })]);
    const lua = redisScripts.taskReschedule;
    const send = async (when = '+0', token = 'token'): Promise<unknown> =>
      fixture.redis.eval(lua.lua, lua.numberOfKeys, ...new RedisKeys(fixture.prefix).scripts(q), 'a', when, token);
    expect(await send('+9000', 'first')).toBe(1);
    expect(await send()).toBe(1);
    expect(await send('+9000', 'first'), 'it comes late, and again').toBe(1);
    expect(claimedIds((await worker.exchange(1))?.claimed)).toEqual(['a']);
    expect(await send()).toBe(1);
    expect(await broker.steering.reschedule(q, 'a', { inMs: 0 })).toBe(false);
    expect(await broker.steering.reschedule(q, 'unknown', { inMs: 0 })).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisKeys } from '../../../lib/broker/redis/redis-keys.js';
import { redisScripts } from '../../../lib/broker/redis/redis-scripts.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { addDebounced, addDebouncedDue, claimData, idOf, lockName } from '../../support/locked-tasks.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('debounce');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}task_${name}:{q}`;
const replaced = (what: string): { replaced: string } => ({ replaced: idOf(what) });
const lock = async (): Promise<string | null> =>
  fixture.redis.hget(new RedisKeys(fixture.prefix).unique(q), lockName('debounce'));
const [a, b, c] = [idOf('a'), idOf('b'), idOf('c')];

async function start(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
  const broker = openBroker(fixture);
  return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
}

/** In ms from now, by Redis's clock. */
async function dueIn(broker: RedisBroker, id: string): Promise<number> {
  const [seconds, micros] = await fixture.redis.time();
  const [status] = await broker.statuses(q, [id]);
  return (status?.due ?? NaN) - Number(seconds) * 1000 - Math.floor(Number(micros) / 1000);
}

describe('a debounced task', () => {
  it('is due so long after the first add at the latest', async () => {
    const { broker } = await start();
    await addDebounced(broker, 'a', 30_000, { maxWaitMs: 60_000 });
    await addDebounced(broker, 'b', 50_000, { maxWaitMs: 60_000 });
    expect(await dueIn(broker, a)).toBeGreaterThan(45_000);
    await fixture.redis.hincrby(new RedisKeys(fixture.prefix).status(q, a), 'created', -40_000);
    await addDebounced(broker, 'b', 50_000, { maxWaitMs: 60_000 });
    const due = await dueIn(broker, a);
    expect(due).toBeGreaterThan(10_000);
    expect(due).toBeLessThanOrEqual(20_000);
    await addDebounced(broker, 'b', 50_000, { maxWaitMs: 10_000 });
    expect(await dueIn(broker, a), 'it is due').toBeLessThanOrEqual(0);
  });

  it('takes what it expires with from the last add, too', async () => {
    const { broker } = await start();
    await addDebounced(broker, 'a', 60_000, { expiresInMs: 1_000 });
    await addDebounced(broker, 'b', 70_000, { expiresInMs: 5_000 });
    const [status] = await broker.statuses(q, [a]);
    const parked = (await fixture.redis.hget(key('parked'), a)) ?? '';
    expect(decodeEnvelope(parked)).toMatchObject({ id: a, options: { expiresAt: (status?.due ?? 0) + 5_000 } });
    await addDebounced(broker, 'c', 70_000);
    expect(decodeEnvelope((await fixture.redis.hget(key('parked'), a)) ?? '').options).toBeUndefined();
  });

  it('takes new data also while it stands in the queue, until a worker comes to it', async () => {
    const { broker, worker } = await start();
    await addDebouncedDue(broker, 'a', 0);
    await worker.exchange(0);
    expect(await broker.statuses(q, [a])).toMatchObject([{ state: 'waiting' }]);
    expect(await addDebounced(broker, 'b', 60_000, { data: 'newest', expiresInMs: 5_000 })).toEqual(replaced('a'));
    expect(await claimData(worker)).toEqual({ [a]: 'newest' });
    const held = decodeEnvelope((await fixture.redis.hget(`${key('active')}:w`, a)) ?? '');
    expect(held).toMatchObject({ data: 'newest', options: { expiresAt: expect.any(Number) as number } });
    expect(await fixture.redis.hexists(new RedisKeys(fixture.prefix).status(q, a), 'latest')).toBe(0);
  });

  it('that is called off makes room for another one', async () => {
    const { broker, worker } = await start();
    await addDebounced(broker, 'a', 60_000);
    await broker.steering.cancel(q, a, 'no', 60_000);
    expect(await lock()).toBeNull();
    expect(await addDebouncedDue(broker, 'b', 0)).toBe('created');
    await worker.exchange(0);
    await addDebounced(broker, 'c', 1, { data: 'newest' });
    await broker.steering.cancel(q, b, 'no', 60_000);
    expect(await addDebouncedDue(broker, 'c', 0), 'it stands in the queue').toBe('created');
    expect(await claimData(worker)).toEqual({ [c]: 'c' });
    expect(await fixture.redis.hexists(new RedisKeys(fixture.prefix).status(q, b), 'latest')).toBe(0);
  });
});

describe('queue-latest', () => {
  const options = { waitsForRun: true };

  /** One that runs, and one that is due and waits for its end. */
  async function startBoth(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
    const both = await start();
    await addDebouncedDue(both.broker, 'a', 0, options);
    expect(await claimData(both.worker)).toEqual({ [a]: 'a' });
    expect(await addDebouncedDue(both.broker, 'b', 0, options)).toBe('created');
    expect(await claimData(both.worker)).toEqual({});
    return both;
  }

  it('lets it look for itself where nobody could tell it of the end', async () => {
    const { worker } = await startBoth();
    await fixture.redis.del(new RedisKeys(fixture.prefix).status(q, a));
    expect(await claimData(worker)).toEqual({});
    const score = Number(await fixture.redis.zscore(key('scheduled'), b));
    expect(score - Date.now()).toBeLessThan(15_000);
    await fixture.redis.zincrby(key('scheduled'), -15_000, b);
    expect(await claimData(worker)).toEqual({ [b]: 'b' });
  });
});

describe('a call that is sent again', () => {
  it('replaces nothing twice, even if the task has run meanwhile', async () => {
    const { broker, worker } = await start();
    const lua = redisScripts.taskAddLocked;
    const send = async (token: string): Promise<unknown> => {
      const row = ['x-u', 'task', newTask('x-u', { data: '"x"' }).envelope, '+0', '', lockName('debounce'), 'debounce'];
      const keys = new RedisKeys(fixture.prefix).scripts(q);
      return fixture.redis.eval(lua.lua, lua.numberOfKeys, ...keys, 1, 0, 5_000, token, ...row, 60_000, '');
    };
    await addDebounced(broker, 'a', 60_000);
    expect(await send('first')).toEqual([4, a]);
    expect(await claimData(worker)).toEqual({ [a]: 'x' });
    await worker.exchange(0, [completed(a, { ttlMs: 0 })]);
    expect(await send('first')).toEqual([4, a]);
    expect(await claimData(worker)).toEqual({});
    expect(await send('second'), 'another call').toEqual([1, '']);
    expect(await fixture.redis.pttl(`${key('unique')}:first`)).toBeGreaterThan(0);
  });
});

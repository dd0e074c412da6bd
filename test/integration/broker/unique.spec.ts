import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisKeys } from '../../../lib/broker/redis/redis-keys.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { idOf, lockName, unique } from '../../support/locked-tasks.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('unique');
const q = partitionOf('q');
const locks = async (): Promise<Record<string, string>> =>
  fixture.redis.hgetall(new RedisKeys(fixture.prefix).unique(q));
const held = (by: string): { heldBy: string } => ({ heldBy: idOf(by) });

async function start(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
  const broker = openBroker(fixture);
  return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
}

/** Adds one, and tells what the answer was. */
async function add(broker: RedisBroker, ...[name, until, options]: Parameters<typeof unique>): Promise<unknown> {
  return (await broker.addLocked(q, [unique(name, until, options)]))[0];
}

const a = idOf('a');

describe('until a time', () => {
  it('holds for so long, whatever becomes of the task', async () => {
    const { broker, worker } = await start();
    await add(broker, 'a', 60_000);
    await worker.claim(1);
    await worker.exchange(0, [completed(a, { ttlMs: 0 })]);
    expect(await add(broker, 'b', 60_000)).toEqual(held('a'));
    const [until = ''] = (await locks())[lockName('unique')]?.split(' ') ?? [];
    // A minute later.
    await fixture.redis.hset(
      new RedisKeys(fixture.prefix).unique(q),
      lockName('unique'),
      `${Number(until) - 60_000} ${a}`,
    );
    expect(await add(broker, 'b', 60_000)).toBe('created');
  });
});

describe('the tasks of one call', () => {
  it('are refused where as many wait as may; that is nothing to those whose key is held', async () => {
    const { broker } = await start();
    const tasks = ['a', 'b', 'c'].map((name) => unique(name, 'finished', { key: name }));
    expect(await broker.addLocked(q, tasks, { maxLength: 2 })).toEqual(['created', 'created', 'full']);
    const more = [unique('d', 'finished', { key: 'b' }), unique('e', 'finished', { key: 'e', inMs: 9_000 })];
    expect(await broker.addLocked(q, more, { maxLength: 2 })).toEqual([held('b'), 'created']);
    expect(Object.keys(await locks()).sort()).toEqual(['a', 'b', 'e'].map((key) => lockName('unique', key)));
  });

  it('say why where somebody keeps something else in place of the locks or of a status', async () => {
    const { broker } = await start();
    await fixture.redis.set(new RedisKeys(fixture.prefix).status(q, a), 'mine');
    expect(await add(broker, 'a', 'finished')).toBe('refused');
    await fixture.redis.set(new RedisKeys(fixture.prefix).unique(q), 'mine');
    await expect(add(broker, 'b', 'finished')).rejects.toMatchObject({ code: 'REDIS_REFUSED' });
    expect(await broker.statuses(q, [idOf('b')])).toEqual([null]);
  });
});

describe('what is left behind', () => {
  it('holds nothing, and goes with the adds of others', async () => {
    const { broker } = await start();
    const gone = ['nobody', 'expired', 'taken'];
    const key = new RedisKeys(fixture.prefix).unique(q);
    await fixture.redis.hset(key, {
      [lockName('unique', 'nobody')]: 'finished ghost-u',
      [lockName('unique', 'expired')]: '1000 a-u',
      [lockName('unique', 'taken')]: 'started b-u',
      [lockName('debounce', 'over')]: 'debounce ghost-u ghost-u',
      nonsense: 'nonsense',
      [lockName('unique', 'later')]: `${Date.now() + 60_000} c-u`,
    });
    await broker.enqueue(q, [newTask('b-u')]);
    await fixture.redis.hset(new RedisKeys(fixture.prefix).status(q, 'b-u'), 'state', 'active');
    for (const name of gone) expect(await add(broker, name, 'finished', { key: name })).toBe('created');
    for (let n = 0; n < 30; n++) await add(broker, `x${n}`, 'finished', { key: 'x' });
    expect(Object.keys(await locks()).sort()).toEqual(
      ['expired', 'later', 'nobody', 'taken', 'x'].map((name) => lockName('unique', name)),
    );
  });

  it('is never much more than what holds', async () => {
    const { broker, worker } = await start();
    for (let n = 0; n < 400; n += 20) {
      const tasks = Array.from({ length: 20 }, (_, i) => unique(`${n + i}`, 1, { key: `${n + i}` }));
      await broker.addLocked(q, tasks);
      await worker.claim(20);
      await delay(2);
    }
    expect(Object.keys(await locks()).length).toBeLessThan(120);
  });
});

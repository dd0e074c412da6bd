import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { began, ManualWorker, newTask, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('recover');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const TTL = 3_600_000;

/** A worker that holds these tasks and whose lease has run out. */
async function deadWorker(...ids: string[]): Promise<ManualWorker> {
  const broker = openBroker(fixture);
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id)),
  );
  const worker = await new ManualWorker(broker, q, 'dead').join();
  await worker.claim(ids.length);
  await expire('dead');
  return worker;
}

const expire = (worker: string): Promise<unknown> =>
  fixture.redis.zadd(key('task_workers:{q}'), Date.now() - 1, worker);

describe('recover', () => {
  it('puts back to the head in order, counts attempt and loss, and forgets the worker', async () => {
    const broker = openBroker(fixture);
    await deadWorker('a', 'b');
    await broker.enqueue(q, [newTask('c')]);
    const recovery = await broker.recover(q, 2, RETENTION);
    expect(recovery).toMatchObject({ worker: 'dead', buried: [], more: false });
    expect(recovery?.returned.sort()).toEqual(['a', 'b']);
    expect(await fixture.redis.lrange(key('task_queue:{q}'), 0, -1)).toEqual([
      '{"id":"c","attempt":0,"name":"task","data":{}}',
      '{"id":"b","attempt":1,"lost":1,"name":"task","data":{}}',
      '{"id":"a","attempt":1,"lost":1,"name":"task","data":{}}',
    ]);
    expect(await fixture.redis.exists(key('task_workers:{q}'), key('task_active:{q}:dead'))).toBe(0);
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
    const heir = await new ManualWorker(broker, q, 'heir').join();
    expect(await heir.claim(1)).toEqual(['a']);
    await heir.exchange(0, [began('a')]);
    expect(await fixture.redis.hgetall(key('task_status:{q}:a'))).toMatchObject({ state: 'active', attempt: '2' });
  });

  it('charges nothing to what had not begun, but remembers that a worker died with it', async () => {
    const broker = openBroker(fixture);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    const worker = await new ManualWorker(broker, q, 'dead').join();
    await worker.exchange(2, [], { marks: false });
    await worker.exchange(0, [began('a')]);
    await expire('dead');
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ worker: 'dead', buried: [] });
    expect(await fixture.redis.lrange(key('task_queue:{q}'), 0, -1)).toEqual([
      '{"id":"b","attempt":0,"lost":0,"name":"task","data":{}}',
      '{"id":"a","attempt":1,"lost":1,"name":"task","data":{}}',
    ]);
    const status = await fixture.redis.hgetall(key('task_status:{q}:b'));
    expect(Object.keys(status).sort()).toEqual(['created', 'name', 'state']);
    expect(status['state']).toBe('waiting');
  });

  it('does not mark what was lost before when it is claimed, and charges it again only once it has begun', async () => {
    const broker = openBroker(fixture);
    await deadWorker('a');
    await broker.recover(q, 2, RETENTION);
    for (const id of ['w1', 'w2']) {
      const worker = await new ManualWorker(broker, q, id).join();
      expect(await worker.claim(1)).toEqual(['a']);
      expect(await fixture.redis.hgetall(key('task_status:{q}:a'))).toMatchObject({ state: 'waiting', attempt: '2' });
      await expire(id);
      expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: ['a'] });
      expect(await fixture.redis.hgetall(key('task_status:{q}:a'))).toMatchObject({ state: 'waiting', attempt: '1' });
    }
    expect(await fixture.redis.lrange(key('task_queue:{q}'), 0, -1)).toEqual([
      '{"id":"a","attempt":1,"lost":1,"name":"task","data":{}}',
    ]);
  });

  it('charges what cannot be marked, for somebody keeps something else under its status key', async () => {
    const broker = openBroker(fixture);
    await deadWorker('a');
    await fixture.redis.del(key('task_status:{q}:a'));
    await fixture.redis.set(key('task_status:{q}:a'), 'mine');
    await broker.recover(q, 2, RETENTION);
    expect(await fixture.redis.lindex(key('task_queue:{q}'), 0)).toContain('"attempt":1,"lost":1,');
  });

  it('declares dead before the first page moves, and needs as many calls as there are pages', async () => {
    const broker = openBroker(fixture);
    const ids = Array.from({ length: 60 }, (_, i) => `${1_000 + i}`);
    const worker = await deadWorker(...ids);
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ more: true });
    expect(await worker.exchange(1)).toBeNull();
    expect(await broker.beat(q, 'dead', TTL)).toBeNull();
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ more: true });
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ more: false });
    const heir = await new ManualWorker(broker, q, 'heir').join();
    expect(await heir.claim(60)).toEqual(ids);
  });

  it('makes a dead letter of what was lost too often, and names the workers', async () => {
    const broker = openBroker(fixture);
    await deadWorker('a');
    for (let loss = 1; loss <= 2; loss++) {
      expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: ['a'], buried: [] });
      const next = await new ManualWorker(broker, q, `w${loss}`).join();
      await next.claim(1);
      await next.exchange(0, [began('a')]);
      await expire(next.id);
    }
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ worker: 'w2', returned: [], buried: ['a'] });
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(0);
    const status = await fixture.redis.hgetall(key('task_status:{q}:a'));
    expect(status['state']).toBe('failed');
    expect(JSON.parse(status['error'] ?? '')).toMatchObject({
      name: 'lost too often',
      message: expect.stringContaining('dead, w1, w2') as string,
    });
    expect(JSON.parse(status['error:1'] ?? '')).toMatchObject({ name: 'lost' });
    expect(await fixture.redis.hget(key('task_parked:{q}'), 'a')).toContain('"attempt":3,"lost":3,');
  });

  it('makes a whole status for what somebody pushed as a whole envelope', async () => {
    const broker = openBroker(fixture);
    const worker = await new ManualWorker(broker, q, 'dead').join();
    await fixture.redis.lpush(key('task_queue:{q}'), '{"id":"python","attempt":0,"name":"x","data":1}');
    await worker.exchange(1, [], { marks: false });
    await expire('dead');
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: ['python'] });
    const status = await fixture.redis.hgetall(key('task_status:{q}:python'));
    expect(status).toEqual({ state: 'waiting', name: 'x', created: expect.any(String) as string });
  });

  it('makes suspects of what was lost once too few: a worker takes one at a time, in order, and before all else', async () => {
    const broker = openBroker(fixture);
    await deadWorker('a', 'b');
    await broker.recover(q, 1, RETENTION);
    expect(await fixture.redis.llen(key('task_suspects:{q}'))).toBe(2);
    await broker.enqueue(q, [newTask('c')]);
    const [one, other] = [
      await new ManualWorker(broker, q, 'one').join(),
      await new ManualWorker(broker, q, 'two').join(),
    ];
    expect(await one.claim(5)).toEqual(['a', 'c']);
    expect((await one.exchange(5, [], { probes: false }))?.claimed).toEqual([]);
    expect(await other.claim(5)).toEqual(['b']);
  });
});

describe('a suspect whose worker dies', () => {
  /** @returns how often it is lost before it is buried */
  async function lossesOf(isAlone: boolean): Promise<number> {
    const broker = openBroker(fixture);
    await fixture.redis.lpush(key('task_suspects:{q}'), '{"id":"a","attempt":2,"lost":2,"name":"task"}');
    for (let losses = 1; ; losses++) {
      const worker = await new ManualWorker(broker, q, `w${losses}`).join();
      expect(await worker.claim(1)).toEqual(['a']);
      await worker.exchange(0, [{ kind: 'began', id: 'a', ranMs: 0, isAlone: true }]);
      if (!isAlone) await worker.exchange(0, [{ kind: 'began', id: 'a', ranMs: 0, isAlone: false }]);
      await fixture.redis.zadd(key('task_workers:{q}'), 1, worker.id);
      const recovery = await broker.recover(q, 2, RETENTION);
      if (recovery?.buried.length === 1) return losses;
      expect(recovery).toMatchObject({ returned: ['a'] });
      expect(await broker.statuses(q, ['a'])).toMatchObject([{ state: 'waiting', attempt: 2 + losses }]);
    }
  }

  it('is a dead letter if it was alone', async () => {
    expect(await lossesOf(true)).toBe(1);
  });

  it('is spared a few times if it was not', async () => {
    expect(await lossesOf(false)).toBe(3);
  });
});

describe('a suspect that failed, was put off or was given back', () => {
  it.each<Outcome>([
    { kind: 'retrying', id: 'a', error: '{}', ranMs: 1, delayMs: 0 },
    { kind: 'snoozed', id: 'a', delayMs: 0 },
    { kind: 'deferred', id: 'a', delayMs: 0 },
    { kind: 'released', id: 'a', began: true },
  ])('is one still after it was $kind', async (outcome) => {
    const broker = openBroker(fixture);
    await fixture.redis.lpush(key('task_suspects:{q}'), '{"id":"a","attempt":2,"lost":2,"name":"task"}');
    const worker = await new ManualWorker(broker, q, 'w').join();
    expect(await worker.claim(1)).toEqual(['a']);
    await worker.exchange(0, [outcome]);
    expect(await fixture.redis.llen(key('task_suspects:{q}'))).toBe(1);
    expect(await fixture.redis.exists(key('task_queue:{q}'))).toBe(0);
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
    await broker.enqueue(q, [newTask('b')]);
    expect((await worker.exchange(5, [], { probes: false }))?.claimed).toHaveLength(1);
    expect(await worker.claim(5)).toEqual(['a']);
  });
});

describe('leave', () => {
  it('takes a worker off the list', async () => {
    const broker = openBroker(fixture);
    await new ManualWorker(broker, q, 'w').join();
    await broker.leave(q, 'w');
    expect(await fixture.redis.exists(key('task_workers:{q}'))).toBe(0);
  });

  it('ends the lease at once where something is still held', async () => {
    const broker = openBroker(fixture);
    await broker.enqueue(q, [newTask('a')]);
    await (await new ManualWorker(broker, q, 'w').join()).claim(1);
    await broker.leave(q, 'w');
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ worker: 'w', returned: ['a'] });
  });
});

describe('layout', () => {
  it('is entered by the first worker, and a newer one is refused', async () => {
    const broker = openBroker(fixture);
    await broker.join(q, 'w', TTL);
    expect(await fixture.redis.hget(key('task_meta:{q}'), 'layout')).toBe('1');
    await fixture.redis.hset(key('task_meta:{q}'), 'layout', 2);
    await expect(broker.join(q, 'w2', TTL)).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
    await expect(broker.beat(q, 'w', TTL)).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
    await expect(broker.enqueue(q, [newTask('a')])).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
    expect(await fixture.redis.zrange(key('task_workers:{q}'), '0', '-1')).toEqual(['w']);
    expect(await fixture.redis.exists(key('task_queue:{q}'))).toBe(0);
  });
});

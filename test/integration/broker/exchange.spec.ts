import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('exchange');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

/** JSON, but nested deeper than Redis's decoder goes. */
const DEEP = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;

async function backlog(...ids: string[]): Promise<{ worker: ManualWorker; other: ManualWorker }> {
  const broker = openBroker(fixture);
  if (ids.length > 0)
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
  return {
    worker: await new ManualWorker(broker, q, 'w1').join(),
    other: await new ManualWorker(broker, q, 'w2').join(),
  };
}

describe('claiming', () => {
  it('writes state and time, and the attempt from the second one on', async () => {
    const { worker } = await backlog('a');
    await fixture.redis.rpush(key('task_queue:{q}'), '{"id":"again","attempt":1,"name":"task"}');
    await worker.claim(2);
    expect(await fixture.redis.hgetall(key('task_status:{q}:a'))).toEqual({
      state: 'active',
      name: 'task',
      created: expect.any(String) as string,
      started: expect.any(String) as string,
    });
    expect(await fixture.redis.hgetall(key('task_status:{q}:again'))).toMatchObject({ state: 'active', attempt: '2' });
  });

  it('leaves a first attempt unmarked where the worker says so, until it reports that the run began', async () => {
    const { worker } = await backlog('a');
    await worker.exchange(1, [], { marks: false });
    expect(await fixture.redis.hget(key('task_status:{q}:a'), 'state')).toBe('waiting');
    await worker.exchange(0, [{ kind: 'began', id: 'a', ranMs: 7 }]);
    expect(await fixture.redis.hget(key('task_status:{q}:a'), 'state')).toBe('active');
    expect(await fixture.redis.hlen(key('task_active:{q}:w1'))).toBe(1);
    expect((await worker.exchange(0, [completed('a')]))?.refused).toEqual([]);
  });

  it('makes a status at the end for a whole envelope that has none and was not marked', async () => {
    const { worker } = await backlog();
    await fixture.redis.lpush(key('task_queue:{q}'), '{"id":"python-2","attempt":0,"name":"x","data":1}');
    await worker.exchange(1, [], { marks: false });
    await worker.exchange(0, [completed('python-2')]);
    expect(await fixture.redis.hgetall(key('task_status:{q}:python-2'))).toMatchObject({
      state: 'completed',
      name: 'x',
      created: expect.any(String) as string,
    });
  });

  it.each<Outcome>([
    { kind: 'failed', id: 'python-3', error: '{}', ranMs: 1, ttlMs: 60_000 },
    { kind: 'retrying', id: 'python-3', error: '{}', ranMs: 1, delayMs: 60_000 },
    { kind: 'snoozed', id: 'python-3', delayMs: 60_000 },
    { kind: 'deferred', id: 'python-3', delayMs: 60_000 },
    { kind: 'released', id: 'python-3', began: false },
    { kind: 'cancelled', id: 'python-3', reason: 'off', ttlMs: 60_000 },
    { kind: 'expired', id: 'python-3', ttlMs: 60_000 },
  ])('makes a whole status for such an envelope that is $kind, too', async (outcome) => {
    const { worker } = await backlog();
    await fixture.redis.lpush(key('task_queue:{q}'), '{"id":"python-3","attempt":0,"name":"x","data":1}');
    await worker.exchange(1, [], { marks: false });
    await worker.exchange(0, [outcome]);
    const status = await fixture.redis.hgetall(key('task_status:{q}:python-3'));
    expect(status).toMatchObject({ name: 'x', created: expect.any(String) as string });
  });

  it('rings for others if it leaves something behind, and only then', async () => {
    const { worker } = await backlog('a', 'b');
    await fixture.redis.del(key('task_bell:{q}'));
    await worker.claim(1);
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
    await fixture.redis.del(key('task_bell:{q}'));
    await worker.claim(1);
    expect(await fixture.redis.exists(key('task_bell:{q}'))).toBe(0);
  });

  it('is bounded in bytes: until there are 1 MiB', async () => {
    const { worker } = await backlog();
    const broker = openBroker(fixture);
    const data = JSON.stringify('x'.repeat(300_000));
    for (let i = 0; i < 40; i++) await broker.enqueue(q, [newTask(`${i}`, { data })]);
    const reply = await worker.exchange(40);
    expect(reply?.claimed).toHaveLength(4);
    expect(reply?.more).toBe(true);
  });

  it('is bounded in bytes by what it has seen: small tasks first, large ones behind them', async () => {
    const { worker } = await backlog();
    const broker = openBroker(fixture);
    for (let i = 0; i < 20; i++) {
      const data = JSON.stringify('x'.repeat(i < 9 ? 10 : 900_000));
      await broker.enqueue(q, [newTask(`${i}`, { data })]);
    }
    // A page of 1, one of 8, and one of 32 of which there are 11: the most that may come unseen.
    expect((await worker.exchange(40))?.claimed).toHaveLength(20);
    expect((await worker.exchange(40))?.claimed).toHaveLength(0);
  });

  it('is bounded in what Redis has to do for it, and says that there is more', async () => {
    const ids = Array.from({ length: 150 }, (_, i) => `${i}`);
    const { worker, other } = await backlog(...ids);
    const marked = await worker.exchange(150);
    expect([marked?.claimed.length, marked?.more]).toEqual([50, true]);
    const unmarked = await other.exchange(150, [], { marks: false });
    expect([unmarked?.claimed.length, unmarked?.more]).toEqual([100, false]);
  });

  it('survives an id with quotes, backslashes, control characters and what looks like the head of an envelope', async () => {
    const ids = ['a"b', 'a\\', 'a\\"', '"', 'a\nb\u0000', 'x","attempt":7,"', '😀', 'a:b', '{"id":"y","attempt":3'];
    const { worker } = await backlog(...ids);
    expect(await worker.claim(20)).toEqual(ids);
    await worker.exchange(
      0,
      ids.map((id) => completed(id)),
    );
    expect(await fixture.redis.exists(key('task_active:{q}:w1'))).toBe(0);
    expect(await fixture.redis.hget(key(`task_status:{q}:${ids[5]}`), 'state')).toBe('completed');
  });
});

describe('settling', () => {
  it('completes: result, times and expiry in the status, nothing held', async () => {
    const { worker } = await backlog('a');
    await worker.claim(1);
    const reply = await worker.exchange(0, [completed('a', { result: '{"ok":true}', ttlMs: 60_000 })]);
    expect(reply?.refused).toEqual([]);
    const status = await fixture.redis.hgetall(key('task_status:{q}:a'));
    expect(status).toMatchObject({ state: 'completed', result: '{"ok":true}' });
    expect(Number(status['finished']) - Number(status['started'])).toBe(5);
    expect(await fixture.redis.pttl(key('task_status:{q}:a'))).toBeGreaterThan(50_000);
    expect(await fixture.redis.lrange(key('task_recent:{q}'), 0, -1)).toEqual(['a']);
    expect(await fixture.redis.exists(key('task_active:{q}:w1'))).toBe(0);
  });

  it('keeps nothing where the retention is 0', async () => {
    const { worker } = await backlog('a', 'b');
    await worker.claim(2);
    await worker.exchange(0, [
      completed('a', { ttlMs: 0 }),
      { kind: 'failed', id: 'b', error: '{}', ranMs: 0, ttlMs: 0 },
    ]);
    expect(await fixture.redis.exists(key('task_status:{q}:a'), key('task_status:{q}:b'))).toBe(0);
    expect(await fixture.redis.exists(key('task_dead:{q}'), key('task_parked:{q}'))).toBe(0);
  });

  it('makes a dead letter of what failed, with its envelope and the attempt counted', async () => {
    const { worker } = await backlog('a');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'failed', id: 'a', error: '{"name":"E"}', ranMs: 1, ttlMs: 60_000 }]);
    expect(await fixture.redis.zrange(key('task_dead:{q}'), '0', '-1')).toEqual(['a']);
    expect(await fixture.redis.hget(key('task_parked:{q}'), 'a')).toBe(
      '{"id":"a","attempt":1,"name":"task","data":{}}',
    );
    expect(await fixture.redis.hgetall(key('task_status:{q}:a'))).toMatchObject({
      state: 'failed',
      error: '{"name":"E"}',
    });
  });

  it('drops dead letters that are older than their retention', async () => {
    const { worker } = await backlog('a');
    await fixture.redis.zadd(key('task_dead:{q}'), Date.now() - 2 * 3_600_000, 'old', Date.now() - 60_000, 'young');
    await fixture.redis.hset(key('task_parked:{q}'), 'old', '{}', 'young', '{}');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'failed', id: 'a', error: '{}', ranMs: 1, ttlMs: 3_600_000 }]);
    expect(await fixture.redis.hkeys(key('task_parked:{q}'))).toEqual(['young', 'a']);
    expect(await fixture.redis.zrange(key('task_dead:{q}'), '0', '-1')).toEqual(['young', 'a']);
  });

  it('gives back to the head of the queue, in the order given, as if never claimed', async () => {
    const { worker, other } = await backlog('a', 'b', 'c');
    await worker.claim(2);
    await worker.exchange(0, [
      { kind: 'released', id: 'b', began: false },
      { kind: 'released', id: 'a', began: false },
    ]);
    expect(Object.keys(await fixture.redis.hgetall(key('task_status:{q}:a')))).toEqual(['state', 'name', 'created']);
    expect(await other.claim(3)).toEqual(['a', 'b', 'c']);
  });

  it('defers: the task waits for its time, then joins the queue again, with its misses counted', async () => {
    const { worker } = await backlog('a');
    await worker.claim(1);
    const reply = await worker.exchange(1, [{ kind: 'deferred', id: 'a', delayMs: 1_000 }]);
    expect(reply?.claimed).toEqual([]);
    expect(reply?.nextDueMs).toBeGreaterThan(500);
    expect(await fixture.redis.hget(key('task_status:{q}:a'), 'state')).toBe('scheduled');
    expect(await fixture.redis.hget(key('task_parked:{q}'), 'a')).toContain('"attempt":0,"missed":1,');

    await fixture.redis.zadd(key('task_scheduled:{q}'), Date.now() - 1, 'a');
    expect(await worker.claim(1)).toEqual(['a']);
    expect(await fixture.redis.exists(key('task_parked:{q}'), key('task_scheduled:{q}'))).toBe(0);
  });

  it('caps the list of recent ids', async () => {
    const ids = Array.from({ length: 1_200 }, (_, i) => `${i}`);
    const { worker } = await backlog(...ids);
    await worker.claim(1_200);
    await worker.exchange(
      0,
      ids.map((id) => completed(id)),
    );
    expect(await fixture.redis.llen(key('task_recent:{q}'))).toBe(1_000);
    expect(await fixture.redis.lindex(key('task_recent:{q}'), 0)).toBe('1199');
  });
});

describe('an id that is used again', () => {
  it('does not lose the new task with the dead letter of the old one', async () => {
    const { worker } = await backlog('order-7');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'failed', id: 'order-7', error: '{}', ranMs: 1, ttlMs: 1 }]);
    // Its status has expired, but the dead letter was not trimmed yet.
    await fixture.redis.zadd(key('task_dead:{q}'), 1, 'order-7');
    await fixture.redis.del(key('task_status:{q}:order-7'));
    await openBroker(fixture).enqueue(q, [newTask('order-7', { data: '"new"', token: 't' })]);
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'deferred', id: 'order-7', delayMs: 60_000 }]);
    await openBroker(fixture).enqueue(q, [newTask('other')]);
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'failed', id: 'other', error: '{}', ranMs: 1, ttlMs: 60_000 }]);
    expect(await fixture.redis.hget(key('task_parked:{q}'), 'order-7')).toContain('"data":"new"');
    expect(await fixture.redis.zrange(key('task_dead:{q}'), '0', '-1')).toEqual(['other']);
  });

  it('come a page at a time where many are due, and the answer says so', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `${10 + i}`);
    const { worker } = await backlog(...ids);
    const due = (await worker.claim(40)).flatMap((id, row) => [row + 1, id]);
    await worker.exchange(
      0,
      ids.map((id) => ({ kind: 'deferred', id, delayMs: 60_000 })),
    );
    await fixture.redis.zadd(key('task_scheduled:{q}'), ...due);
    expect((await worker.exchange(20))?.more).toBe(true);
    expect(await worker.claim(24)).toEqual(ids.slice(16));
    expect((await worker.exchange(20))?.more).toBe(false);
  });

  it('tells in the status if the envelope of a scheduled task is gone', async () => {
    const { worker } = await backlog('a');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'deferred', id: 'a', delayMs: 60_000 }]);
    await fixture.redis.zadd(key('task_scheduled:{q}'), 1, 'a');
    await fixture.redis.del(key('task_parked:{q}'));
    await worker.exchange(0);
    expect(await fixture.redis.hget(key('task_status:{q}:a'), 'state')).toBe('failed');
  });
});

describe('foreign elements', () => {
  async function push(...elements: (string | Buffer)[]): Promise<ManualWorker> {
    const { worker } = await backlog();
    for (const element of elements) await fixture.redis.lpush(key('task_queue:{q}'), element);
    return worker;
  }

  it('adopts an object with a name: it gets an id, its bytes stay', async () => {
    const worker = await push('{"name":"email.send","data":{"big":12345678901234567890,"empty":[]},"trace":"x"}');
    const envelope = (await worker.exchange(1))!.claimed[0]!;
    const { id } = decodeEnvelope(envelope);
    expect(envelope).toMatch(
      /^\{"id":"\d{16}-1","attempt":0,"adopted":true,"name":"email.send","data":\{"big":12345678901234567890,"empty":\[\]\},"trace":"x"\}$/,
    );
    expect(await fixture.redis.hgetall(key(`task_status:{q}:${id}`))).toMatchObject({
      state: 'active',
      name: 'email.send',
    });
  });

  it('keeps an id and attempts that stand somewhere else in the object', async () => {
    const worker = await push(' { "name": "x", "attempt": 2, "id": "mine" }');
    const envelope = (await worker.exchange(1))?.claimed[0];
    expect(envelope).toMatch(/^\{"id":"mine","attempt":2,"adopted":true, "name": "x"/);
    expect(await fixture.redis.hget(key('task_status:{q}:mine'), 'attempt')).toBe('3');
  });

  it('gives a new id to an element whose id is taken', async () => {
    const { worker } = await backlog('mine');
    await fixture.redis.lpush(key('task_queue:{q}'), '{"name":"x","id":"mine"}');
    const ids = await worker.claim(2);
    expect(ids[0]).toBe('mine');
    expect(ids[1]).toMatch(/^\d{16}-1$/);
    expect(await fixture.redis.hlen(key('task_active:{q}:w1'))).toBe(2);
  });

  it('gives a new id to a whole envelope that was pushed twice', async () => {
    const worker = await push(...Array.from({ length: 2 }, () => '{"id":"twin","attempt":0,"name":"x","data":1}'));
    await worker.claim(2);
    const held = await fixture.redis.hgetall(key('task_active:{q}:w1'));
    expect(Object.keys(held)).toEqual(['twin', expect.stringMatching(/^\d{16}-1$/)]);
    expect(Object.values(held)[1]).toMatch(/^\{"id":"\d{16}-1","attempt":0,"name":"x","data":1\}$/);
  });

  it('makes a status for a whole envelope that has none', async () => {
    const worker = await push('{"id":"python-1","attempt":0,"name":"x","data":1}');
    await worker.claim(1);
    expect(await fixture.redis.hgetall(key('task_status:{q}:python-1'))).toMatchObject({
      state: 'active',
      name: 'x',
    });
  });

  it.each([
    'garbage',
    '',
    '5',
    'null',
    '[]',
    '["name"]',
    '{}',
    '{"name":5}',
    '{"name":""}',
    '{"name":"x"',
    '{"id":"a","attempt":1.5}',
    DEEP,
  ])('buries %.40j as malformed, and goes on with the next', async (element) => {
    const worker = await push(element, '{"name":"fine"}');
    const reply = await worker.exchange(5);
    expect(reply?.claimed).toHaveLength(1);
    expect(reply?.malformed).toHaveLength(1);
    const [id = ''] = reply?.malformed ?? [];
    expect(await fixture.redis.hget(key('task_parked:{q}'), id)).toBe(element);
    expect(await fixture.redis.zscore(key('task_dead:{q}'), id)).not.toBeNull();
    const status = await fixture.redis.hgetall(key(`task_status:{q}:${id}`));
    expect(status['state']).toBe('failed');
    expect(JSON.parse(status['error'] ?? '')).toMatchObject({ name: 'malformed' });
  });

  it('keeps bytes that are no UTF-8', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
    const worker = await push(bytes);
    const [id = ''] = (await worker.exchange(1))?.malformed ?? [];
    expect(await fixture.redis.hgetBuffer(key('task_parked:{q}'), id)).toEqual(bytes);
  });

  it('is bounded in bytes for what is no task, too', async () => {
    const worker = await push(...Array.from({ length: 20 }, () => 'x'.repeat(600_000)));
    expect((await worker.exchange(20))?.malformed).toHaveLength(2);
  });

  it.each([
    ['no id', '{"id":"","attempt":0,"name":"x"}'],
    ['an id of 257 bytes', `{"id":"${'x'.repeat(257)}","attempt":0,"name":"x"}`],
    ['a fraction for an id', '{"id":1.5,"name":"x"}'],
    ['an object for an id', '{"id":{},"name":"x"}'],
  ])('lets no envelope through with %s', async (_what, element) => {
    const worker = await push(element, '{"name":"fine"}');
    const reply = await worker.exchange(5);
    const ids = [...reply!.claimed.map((text) => decodeEnvelope(text).id), ...reply!.malformed];
    expect(ids).toHaveLength(2);
    for (const id of ids) expect(id).toMatch(/^\d{16}-\d+$/);
  });

  it.each([
    ['a byte that begins nothing', [0xff]],
    ['half a character', [0xc3]],
    ['an overlong form', [0xc0, 0xaf]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a character beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ])('gives a new id where the old one is no UTF-8: %s', async (_what, bytes) => {
    for (const [before, after] of [
      ['{"id":"a', '","attempt":0,"name":"x"}'],
      ['{"name":"x","id":"a', '"}'],
    ] as const) {
      const worker = await push(Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]));
      const [id = ''] = await worker.claim(1);
      expect(id).toMatch(/^\d{16}-1$/);
      expect((await worker.exchange(0, [completed(id)]))?.refused).toEqual([]);
    }
  });

  it.each(['é', '中', '😀', '\u{10FFFF}', 'a:b c\u007f'])('keeps the id %s', async (id) => {
    const worker = await push(`{"name":"x","id":${JSON.stringify(id)}}`);
    expect(await worker.claim(1)).toEqual([id]);
  });

  it('keeps whole numbers as ids, up to where JSON can tell them apart', async () => {
    const worker = await push('{"name":"x","id":1732300000123456}', '{"name":"x","id":12345678901234567890}');
    expect(await worker.claim(2)).toEqual(['1732300000123456', expect.stringMatching(/^\d{16}-1$/)]);
  });

  it('does not take the members of others for its own counters', async () => {
    const worker = await push('{"lost":5,"missed":50,"name":"x"}');
    const [id = ''] = await worker.claim(1);
    await worker.exchange(0, [{ kind: 'deferred', id, delayMs: 1_000 }]);
    const envelope = await fixture.redis.hget(key('task_parked:{q}'), id);
    expect(envelope).toContain('"attempt":0,"missed":1,"adopted":true,"lost":5,"missed":50');
  });

  it('runs tasks whose status key is of another type, and the tasks beside them', async () => {
    for (const id of ['a', 'c']) await fixture.redis.set(key(`task_status:{q}:${id}`), 'done');
    const worker = await push(
      '{"id":"a","attempt":0,"name":"x"}',
      '{"id":"b","attempt":0,"name":"x"}',
      '{"name":"x","id":"c"}',
    );
    const ids = await worker.claim(5);
    expect(ids).toEqual(['a', 'b', expect.stringMatching(/^\d{16}-1$/)]);
    await worker.exchange(0, [{ kind: 'failed', id: 'a', error: '{}', ranMs: 1, ttlMs: 60_000 }, completed('b')]);
    expect(await fixture.redis.zrange(key('task_dead:{q}'), '0', '-1')).toEqual(['a']);
    expect(await fixture.redis.hkeys(key('task_active:{q}:w1'))).toEqual([ids[2]]);
  });

  it('keeps both tasks where two of one id have to wait', async () => {
    const worker = await push('{"id":"twin","attempt":0,"name":"x","data":1}');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'deferred', id: 'twin', delayMs: 60_000 }]);
    await push('{"id":"twin","attempt":0,"name":"x","data":2}');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'deferred', id: 'twin', delayMs: 60_000 }]);
    const parked = await fixture.redis.hgetall(key('task_parked:{q}'));
    expect(
      Object.values(parked)
        .map((text) => (JSON.parse(text) as { data: number }).data)
        .sort((a, b) => a - b),
    ).toEqual([1, 2]);
    expect(await fixture.redis.zcard(key('task_scheduled:{q}'))).toBe(2);
  });

  it('takes superfluous tokens out of the bell', async () => {
    const worker = await push('{"name":"x"}', '{"name":"x"}');
    await fixture.redis.lpush(key('task_bell:{q}'), ...Array.from({ length: 50 }, () => '1'));
    await worker.claim(1);
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
  });

  it('pops no more than wanted, whatever it finds', async () => {
    const worker = await push(...Array.from({ length: 10 }, () => 'garbage'));
    expect((await worker.exchange(4))?.malformed).toHaveLength(4);
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(6);
  });
});

describe('the lease of a worker that holds nothing and is alone', () => {
  const leaseLeft = async (id: string): Promise<number> =>
    Number(await fixture.redis.zscore(key('task_workers:{q}'), id)) - Date.now();
  const restMs = 600_000;

  async function start(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
    const broker = openBroker(fixture);
    return { broker, worker: await new ManualWorker(broker, q, 'alone').join() };
  }

  it('lasts long, until it claims something', async () => {
    const { broker, worker } = await start();
    expect(await worker.exchange(1, [], { restMs })).toMatchObject({ rests: true, holdsUnknown: false });
    expect(await leaseLeft(worker.id)).toBeGreaterThan(500_000);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    await worker.exchange(1);
    expect(await leaseLeft(worker.id)).toBeLessThan(61_000);
    await worker.exchange(0, [completed('a')]);
    await worker.exchange(0, [], { restMs });
    expect(await leaseLeft(worker.id)).toBeGreaterThan(500_000);
    await worker.exchange(1, [], { restMs });
    expect(await leaseLeft(worker.id)).toBeLessThan(61_000);
  });

  it('is as any other where it holds something after all: the call was late', async () => {
    const { broker, worker } = await start();
    await broker.enqueue(q, [newTask('a')]);
    await worker.exchange(1);
    expect(await worker.exchange(1, [], { restMs })).toMatchObject({ rests: false, holdsUnknown: true });
    expect(await leaseLeft(worker.id)).toBeLessThan(61_000);
  });

  it('is as any other once there is a second worker, of which a sleeping one is told', async () => {
    const { broker, worker } = await start();
    await worker.exchange(1, [], { restMs });
    await new ManualWorker(broker, q, 'second').join();
    // By a bell that nobody else hears.
    expect(await fixture.redis.llen(key('task_bell:{q}:alone'))).toBe(1);
    expect(await fixture.redis.exists(key('task_bell:{q}:second'), key('task_bell:{q}'))).toBe(0);
    expect(await worker.exchange(1, [], { restMs })).toMatchObject({ rests: false, holdsUnknown: false });
    expect(await leaseLeft(worker.id)).toBeLessThan(61_000);
  });
});

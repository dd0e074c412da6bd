import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { RedisServer } from '../../../lib/testing/redis-server.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('producer');

const start = (options: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options });

describe('add', () => {
  it('answers a public id, the queue, and that the task was created', async () => {
    const { producer } = await start();
    const answer = await producer.add('email.send', { to: 'ann' }, { queue: 'email' });
    expect(answer).toEqual({
      id: expect.stringMatching(/^email:[0-9A-Z]{26}$/) as string,
      queue: 'email',
      created: true,
      outcome: 'created',
    });
    expect(await fixture.redis.lrange(`${fixture.prefix}task_queue:{email}`, 0, -1)).toEqual([
      `{"id":"${answer.id.slice(6)}","attempt":0,"name":"email.send","data":{"to":"ann"}}`,
    ]);
  });

  it('gives ids in the order of adding', async () => {
    const { producer } = await start();
    const answers = await Promise.all(Array.from({ length: 500 }, () => producer.add('x')));
    const ids = answers.map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(500);
  });

  it('sends all adds of one turn of the event loop in one call, and gives each its own answer', async () => {
    // A server of its own: what other tests send must not be counted.
    const server = await RedisServer.start();
    const redis = new Redis(server.url);
    const calls = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
    try {
      const app = await start({ redis: server.url });
      await app.producer.add('warm up');
      const before = await calls();
      const answers = await Promise.all([
        app.producer.add('a', 1, { id: 'same' }),
        app.producer.add('b', 2),
        Promise.resolve().then(() => app.producer.add('c', 3, { id: 'same' })),
      ]);
      expect((await calls()) - before).toBe(1);
      expect(answers.map(({ created }) => created)).toEqual([true, true, false]);
      expect(answers[0]?.id).toBe('default:same');
      expect(await redis.llen(`${fixture.prefix}task_queue:{default}`)).toBe(3);

      const others = await calls();
      // Two halves at once, for Redis to work on, then as many as a call may hold.
      await Promise.all(Array.from({ length: 250 }, () => app.producer.add('x')));
      expect((await calls()) - others).toBe(4);
      const large = 'x'.repeat(600_000);
      await Promise.all([app.producer.add('x', large), app.producer.add('x', large), app.producer.add('x')]);
      expect((await calls()) - others).toBe(6);
      await stopApp(app);
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });

  it('keeps the order of many adds of one turn, over several queues, and gives each its own answer', async () => {
    const { producer } = await start();
    await producer.add('x', null, { id: '7', queue: 'b' });
    const adds = Array.from({ length: 503 }, (_, n) => ({ id: `${n}`, queue: n % 3 === 0 ? 'a' : 'b' }));
    const answers = await Promise.all(adds.map((options, n) => producer.add('x', n, options)));
    const created = { created: true, outcome: 'created' };
    const duplicate = { created: false, outcome: 'duplicate' };
    expect(answers).toEqual(
      adds.map(({ id, queue }) => ({ id: `${queue}:${id}`, queue, ...(id === '7' ? duplicate : created) })),
    );
    for (const name of ['a', 'b']) {
      const inQueue = await fixture.redis.lrange(`${fixture.prefix}task_queue:{${name}}`, 0, -1);
      const ids = inQueue.reverse().map((text) => (JSON.parse(text) as { id: string }).id);
      const added = adds.filter(({ id, queue }) => queue === name && id !== '7').map(({ id }) => id);
      expect(ids).toEqual(name === 'b' ? ['7', ...added] : added);
    }
  });

  it('adds nothing for an id whose status lives, also long after', async () => {
    const { producer } = await start();
    expect((await producer.add('x', 1, { id: 'order:5' })).created).toBe(true);
    expect((await producer.add('x', 2, { id: 'order:5' })).created).toBe(false);
    expect((await producer.add('x', 2, { id: 'order:5', queue: 'other' })).created).toBe(true);
    await fixture.redis.del(`${fixture.prefix}task_status:{default}:order:5`);
    expect((await producer.add('x', 3, { id: 'order:5' })).created).toBe(true);
  });

  it.each([
    ['undefined', undefined, 'null'],
    ['null', null, 'null'],
    ['text', 'ü', '"ü"'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['half a surrogate pair', '\ud800', '"\\ud800"'],
  ])('carries %s', async (_what, data, json) => {
    const { producer } = await start();
    await producer.add('x', data, { id: 'the' });
    expect(await fixture.redis.lindex(`${fixture.prefix}task_queue:{default}`, 0)).toContain(`"data":${json}}`);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  it.each<[string, string, unknown, object | undefined, string]>([
    ['a BigInt', 'x', { n: 1n }, undefined, 'INVALID_DATA'],
    ['a cycle', 'x', cyclic, undefined, 'INVALID_DATA'],
    ['a function', 'x', () => 1, undefined, 'INVALID_DATA'],
    ['a symbol', 'x', Symbol('s'), undefined, 'INVALID_DATA'],
    [
      'toJSON that throws',
      'x',
      {
        toJSON: () => {
          throw new Error('no');
        },
      },
      undefined,
      'INVALID_DATA',
    ],
    ['data that are too large', 'x', 'a'.repeat(99), undefined, 'DATA_TOO_LARGE'],
    ['data too large in UTF-8 only', 'x', 'ü'.repeat(50), undefined, 'DATA_TOO_LARGE'],
    ['an empty name', '', 1, undefined, 'INVALID_NAME'],
    ['no name', undefined as never, 1, undefined, 'INVALID_NAME'],
    ['a bad queue', 'x', 1, { queue: 'a b' }, 'INVALID_QUEUE'],
    ['an empty id', 'x', 1, { id: '' }, 'INVALID_ID'],
    ['a number for an id', 'x', 1, { id: 5 }, 'INVALID_ID'],
    ['an unknown option', 'x', 1, { quene: 'email' }, 'INVALID_OPTIONS'],
    ['no attempts', 'x', 1, { attempts: 0 }, 'INVALID_OPTIONS'],
    ['a negative timeout', 'x', 1, { timeout: -1 }, 'INVALID_OPTIONS'],
    ['a time that is no number', 'x', 1, { expiresIn: NaN }, 'INVALID_OPTIONS'],
    ['an absurd time', 'x', 1, { retryFor: 1e30 }, 'INVALID_OPTIONS'],
    ['a backoff that cannot travel', 'x', 1, { backoff: () => 1 }, 'INVALID_OPTIONS'],
    ['null for an option', 'x', 1, { backoff: null }, 'INVALID_OPTIONS'],
  ])('refuses %s before anything is written', async (_what, name, data, options, code) => {
    const { producer } = await start({ maxDataBytes: 100 });
    await expect(producer.add(name, data, options)).rejects.toMatchObject({ code });
    expect(await fixture.keys()).toEqual([]);
  });

  it('writes the options of a task behind its data, and only those that were given', async () => {
    const { producer } = await start();
    const backoff = { type: 'exponential', delay: '1s', jitter: 0.5 } as const;
    await producer.add('x', 1, { id: 'a', attempts: 3, backoff, timeout: '30s', retryFor: '1h' });
    expect(await fixture.redis.lindex(`${fixture.prefix}task_queue:{default}`, 0)).toBe(
      '{"id":"a","attempt":0,"name":"x","data":1,"attempts":3,"backoff":{"type":"exponential","delay":"1s","jitter":0.5},' +
        '"retryFor":"1h","timeout":"30s"}',
    );
  });

  it('refuses what is beyond maxLength, and says which rows of a bulk', async () => {
    const { producer } = await start({ queues: { small: { maxLength: 3 } } });
    await producer.add('x', 1, { queue: 'small' });
    const rows = [1, 2, 3].map((data) => ({ name: 'x', data, queue: 'small', id: `row ${data}` }));
    const failure: unknown = await producer.addBulk([...rows, { name: 'x' }]).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'BULK_INCOMPLETE',
      full: [2],
      answers: [{ created: true }, { created: true }, null, { queue: 'default', created: true }],
      cause: { code: 'QUEUE_FULL' },
    });
    await expect(producer.add('x', 1, { queue: 'small' })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    expect(await producer.add('x', 1, { queue: 'small', id: 'row 1' })).toMatchObject({ created: false });
    await fixture.redis.rpop(`${fixture.prefix}task_queue:{small}`);
    await expect(producer.add('x', 1, { queue: 'small' })).resolves.toMatchObject({ created: true });
  });

  it('names the rows that were too many in their order, over several queues', async () => {
    const { producer } = await start({ defaults: { maxLength: 1 } });
    const rows = ['a', 'b', 'b', 'a', 'b'].map((queue) => ({ name: 'x', queue }));
    await expect(producer.addBulk(rows)).rejects.toMatchObject({
      full: [2, 3, 4],
      cause: { code: 'QUEUE_FULL', message: expect.stringContaining('"b"') as string },
    });
  });

  it('allows data of exactly maxDataBytes', async () => {
    const { producer } = await start({ maxDataBytes: 100 });
    await expect(producer.add('x', 'a'.repeat(98))).resolves.toMatchObject({ created: true });
    await expect(producer.add('x', 'ü'.repeat(49))).resolves.toMatchObject({ created: true });
  });

  it('refuses after shutdown, and sends what was added before', async () => {
    const app = await start();
    const last = app.producer.add('x', 1, { id: 'last' });
    await stopApp(app);
    await expect(last).resolves.toMatchObject({ created: true });
    await expect(app.producer.add('x')).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
    await expect(app.producer.addBulk([{ name: 'x' }])).rejects.toMatchObject({ code: 'PRODUCER_CLOSED' });
  });

  it('passes on what Redis refuses, for every add of the call', async () => {
    const { producer } = await start();
    await fixture.redis.set(`${fixture.prefix}task_queue:{default}`, 'no list');
    const adds = await Promise.allSettled([producer.add('x'), producer.add('y')]);
    expect(adds).toEqual(
      adds.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({
          code: 'REDIS_REFUSED',
          message: expect.stringContaining('WRONGTYPE') as string,
        }) as unknown,
      })),
    );
  });

  it('fails within commandTimeout while Redis cannot be reached', async () => {
    const { producer } = await start({ redis: 'redis://127.0.0.1:1', commandTimeout: 300 });
    const begun = performance.now();
    await expect(producer.add('x')).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect(producer.addBulk([{ name: 'x' }])).rejects.toMatchObject({ code: 'BULK_INCOMPLETE', answers: [null] });
  });

  it('holds no more for Redis than it may', async () => {
    const { producer } = await start({ redis: 'redis://127.0.0.1:1', commandTimeout: 300, maxDataBytes: 40_000_000 });
    const large = 'x'.repeat(35_000_000);
    const adds = await Promise.allSettled([
      producer.add('x', large),
      producer.add('x', large),
      producer.add('x', large),
    ]);
    expect(adds.map((add) => (add.status === 'rejected' ? (add.reason as { code: string }).code : 'added'))).toEqual([
      'REDIS_UNAVAILABLE',
      'REDIS_UNAVAILABLE',
      'PRODUCER_OVERLOADED',
    ]);
    // What was given up is held no longer.
    await expect(producer.add('x', large)).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  });

  it('refuses an id under whose status key somebody keeps something else', async () => {
    const { producer } = await start();
    await fixture.redis.set(`${fixture.prefix}task_status:{default}:taken`, 'something else');
    const message = expect.stringContaining('under the status key of default:taken') as string;
    const refusal = { code: 'REDIS_REFUSED', message };
    await expect(producer.add('x', 1, { id: 'taken' })).rejects.toMatchObject(refusal);
    const rows = ['1', 'taken', '2'].map((id) => ({ name: 'x', id }));
    await expect(producer.addBulk(rows)).rejects.toMatchObject({
      code: 'BULK_INCOMPLETE',
      full: [],
      answers: [{ id: 'default:1', created: true }, null, { id: 'default:2', created: true }],
      cause: refusal,
    });
  });
});

describe('addBulk', () => {
  it('answers every row in order, over several queues and any number of rows', async () => {
    const { producer } = await start();
    const rows = Array.from({ length: 5_003 }, (_, i) => ({
      name: 'x',
      data: i,
      id: `${i}`,
      queue: i % 3 === 0 ? 'a' : 'b',
    }));
    const answers = await producer.addBulk(rows);
    expect(answers).toEqual(
      rows.map(({ id, queue }) => ({ id: `${queue}:${id}`, queue, created: true, outcome: 'created' })),
    );
    const inQueue = await fixture.redis.lrange(`${fixture.prefix}task_queue:{b}`, 0, -1);
    const order = inQueue.reverse().map((text) => (JSON.parse(text) as { data: number }).data);
    expect(order).toEqual(rows.filter(({ queue }) => queue === 'b').map(({ data }) => data));
  });

  it('tells which rows were there already', async () => {
    const { producer } = await start();
    await producer.add('x', 1, { id: 'b' });
    const answers = await producer.addBulk([
      { name: 'x', id: 'a' },
      { name: 'x', id: 'b' },
      { name: 'x', id: 'a' },
    ]);
    expect(answers.map(({ created }) => created)).toEqual([true, false, false]);
  });

  it('accepts no rows', async () => {
    const { producer } = await start();
    expect(await producer.addBulk([])).toEqual([]);
  });

  it('writes nothing if any row is wrong', async () => {
    const { producer } = await start();
    await expect(producer.addBulk([{ name: 'x' }, { name: 'x', data: 1n }])).rejects.toMatchObject({
      code: 'INVALID_DATA',
    });
    await expect(producer.addBulk([{ name: 'x' }, { name: 'x', dat: 1 } as never])).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect(await fixture.keys()).toEqual([]);
  });

  it('comes behind the adds that were made before it', async () => {
    const { producer } = await start();
    await Promise.all([producer.add('first'), producer.addBulk([{ name: 'second' }])]);
    expect(await fixture.redis.lindex(`${fixture.prefix}task_queue:{default}`, -1)).toContain('"first"');
  });

  it('says which rows were confirmed when Redis fails on the way', async () => {
    const { producer } = await start();
    await fixture.redis.set(`${fixture.prefix}task_queue:{broken}`, 'no list');
    const rows = [
      { name: 'x', queue: 'fine', id: '1' },
      { name: 'x', queue: 'broken' },
      { name: 'x', queue: 'fine', id: '2' },
    ];
    await expect(producer.addBulk(rows)).rejects.toMatchObject({
      code: 'BULK_INCOMPLETE',
      message: expect.stringContaining('2 of 3 rows') as string,
      answers: [{ id: 'fine:1', queue: 'fine', created: true }, null, { id: 'fine:2', queue: 'fine', created: true }],
      cause: expect.objectContaining({ code: 'REDIS_REFUSED' }) as unknown,
    });
  });
});

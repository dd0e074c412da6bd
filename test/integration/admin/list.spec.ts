import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { type TaskState, TaskQueueAdmin } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { listAll } from '../../support/task-lists.js';

const fixture = redisFixture('list');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const STATES: TaskState[] = ['scheduled', 'waiting', 'active', 'retrying', 'completed', 'failed', 'cancelled'];

let broker: RedisBroker;
let admin: TaskQueueAdmin;
let worker: ManualWorker;
beforeEach(async () => {
  broker = openBroker(fixture);
  admin = new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: fixture.url, prefix: fixture.prefix }));
  worker = await new ManualWorker(broker, q, 'w').join();
});

const range = (count: number, first = 0): string[] => Array.from({ length: count }, (_, n) => `t${first + n}`);
const publicIds = (ids: readonly string[]): string[] => ids.map((id) => `q:${id}`);

async function add(...ids: string[]): Promise<void> {
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id, { data: JSON.stringify({ of: id }) })),
  );
}

describe('a listed task', () => {
  it('tells where it stands and what it carries, but not what may be long', async () => {
    await add('a');
    expect((await admin.list('q', 'waiting')).tasks).toEqual([
      {
        id: 'q:a',
        queue: 'q',
        name: 'task',
        state: 'waiting',
        priority: 0,
        group: null,
        attempt: 0,
        createdAt: expect.any(Date) as Date,
        startedAt: null,
        finishedAt: null,
        dueAt: null,
        reason: null,
        error: null,
        data: { of: 'a' },
        worker: null,
      },
    ]);
    await worker.claim(1);
    const error = '{"name":"SmtpError","message":"no"}';
    await worker.exchange(0, [{ kind: 'failed', id: 'a', error, ranMs: 1, ttlMs: 60_000 }]);
    expect((await admin.list('q', 'failed')).tasks).toMatchObject([
      { id: 'q:a', state: 'failed', attempt: 1, error: { name: 'SmtpError' }, finishedAt: expect.any(Date) as Date },
    ]);
  });

  it('is what others have pushed, too: without an id as long as nobody has come to it, and as text where it is no task', async () => {
    await fixture.redis.lpush(key('task_queue:{q}'), '{"name":"foreign","data":[1]}', 'nonsense', '[1]', '5');
    const facts = { id: null, attempt: 0, createdAt: null };
    expect((await admin.list('q', 'waiting')).tasks).toMatchObject([
      { ...facts, name: 'foreign', data: [1] },
      { ...facts, name: '', data: 'nonsense' },
      { ...facts, name: '', data: '[1]' },
      { ...facts, name: '', data: '5' },
    ]);
    await worker.claim(1);
    expect((await admin.list('q', 'active')).tasks).toMatchObject([
      { id: expect.stringMatching(/^q:\d+-1$/) as string, name: 'foreign', data: [1], worker: 'w' },
    ]);
    await worker.exchange(3);
    const { tasks } = await admin.list('q', 'failed');
    expect(new Set(tasks.map(({ data }) => data))).toEqual(new Set(['5', '[1]', 'nonsense']));
    expect(tasks[0]).toMatchObject({ id: expect.any(String) as string, name: '', error: { name: 'malformed' } });
  });

  it('has no status where somebody keeps something else under its key', async () => {
    await add('a', 'b');
    await fixture.redis.set(key('task_status:{q}:a'), 'mine');
    expect((await admin.list('q', 'waiting')).tasks).toMatchObject([
      { id: 'q:a', createdAt: null, data: { of: 'a' } },
      { id: 'q:b', createdAt: expect.any(Date) as Date },
    ]);
  });

  it('is left out where only its place is left, or only a gap', async () => {
    await broker.enqueue(
      q,
      ['a', 'b', 'c'].map((id) => newTask(id)),
    );
    await broker.steering.reprioritize(q, 'b', 3);
    expect((await listAll(admin, 'q', 'waiting', { limit: 1 })).map(({ id }) => id)).toEqual(['q:b', 'q:a', 'q:c']);
    await broker.schedule(q, [{ ...newTask('s'), due: { inMs: 60_000 } }]);
    await fixture.redis.hdel(key('task_parked:{q}'), 's');
    expect(await admin.list('q', 'scheduled')).toEqual({ tasks: [], cursor: null });
  });
});

describe('what waits', () => {
  it('is listed from all lists', async () => {
    await add('plain');
    await broker.enqueue(
      q,
      [
        newTask('high', { priority: 7 }),
        newTask('higher', { priority: 900 }),
        newTask('low', { priority: -7 }),
        newTask('lowest', { priority: -70 }),
        newTask('one', { group: 'b' }),
        newTask('another', { group: 'a' }),
        newTask('rests', { group: 'c' }),
      ],
      { inLanes: true },
    );
    await fixture.redis.zrem(key('task_groups:{q}'), 'group:c');
    await fixture.redis.zadd(key('task_groups:{q}:resting'), Date.now() + 60_000, 'group:c');
    await fixture.redis.lpush(key('task_suspects:{q}'), encodeEnvelope('suspect', 'task', '1'));
    await fixture.redis.zadd(key('task_turns:{q}'), Date.now() + 60_000, 'task');
    await fixture.redis.lpush(key('task_queue:{q}:turn:task'), encodeEnvelope('turn', 'task', '1'));
    const inOrder = ['suspect', 'higher', 'high', 'plain', 'another', 'one', 'rests', 'low', 'lowest', 'turn'];
    for (const limit of [1, 2, 3, 100]) {
      expect((await listAll(admin, 'q', 'waiting', { limit })).map(({ id }) => id)).toEqual(publicIds(inOrder));
    }
  });

  it('is not missed if it comes to wait for the turn of its name meanwhile', async () => {
    await add(...range(4));
    const seen = await listAll(admin, 'q', 'waiting', { limit: 1 }, async () => {
      const limits = { names: { task: { max: 1, perMs: 60_000 } } };
      await worker.exchange(1, [], { limits });
    });
    expect(await fixture.redis.llen(key('task_queue:{q}:turn:task'))).toBe(3);
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(publicIds(range(4))));
  });

  it('is listed once while others are taken before it, added behind it, and given back', async () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('claim' as const), count: fc.integer({ min: 1, max: 12 }) }),
        fc.record({ kind: fc.constant('add' as const), count: fc.integer({ min: 1, max: 30 }) }),
        fc.record({ kind: fc.constant('cancel' as const), count: fc.nat() }),
        fc.record({ kind: fc.constant('giveBack' as const), count: fc.integer({ min: 1, max: 3 }) }),
        fc.record({ kind: fc.constant('reprioritize' as const), count: fc.nat() }),
      ),
      { maxLength: 12 },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 60 }),
        async (plan, limit, size) => {
          const queue = `walk${run++}`;
          const partition = partitionOf(queue);
          const mine = await new ManualWorker(broker, partition, 'w').join();
          let added = 0;
          const held: string[] = [];
          const enqueue = async (count: number): Promise<void> => {
            const ids = range(count, added);
            added += count;
            if (count > 0)
              await broker.enqueue(
                partition,
                ids.map((id) => newTask(id)),
              );
          };
          await enqueue(size);
          const standing = new Set(range(size));
          const todo = [...plan];
          const seen = await listAll(admin, queue, 'waiting', { limit }, async () => {
            const { kind, count } = todo.shift() ?? {};
            const [chosen] = [...standing].slice((count ?? 0) % Math.max(1, standing.size));
            if (kind === 'claim') held.push(...(await mine.claim(count ?? 0)));
            if (kind === 'add') await enqueue(count ?? 0);
            if (kind === 'cancel' && chosen) await broker.steering.cancel(partition, chosen, '', 60_000);
            if (kind === 'reprioritize' && chosen) await broker.steering.reprioritize(partition, chosen, 1);
            if (kind === 'giveBack') {
              const back = held.splice(0, count);
              await mine.exchange(
                0,
                back.map((id) => ({ kind: 'released', id, began: false }) as never),
              );
            }
            if ((kind === 'cancel' || kind === 'reprioritize') && chosen) standing.delete(chosen);
            for (const id of held) standing.delete(id);
          });
          const ids = seen.map(({ id }) => id?.slice(queue.length + 1) ?? '');
          expect([...standing].filter((id) => !ids.includes(id))).toEqual([]);
          const isQuiet = plan.every(({ kind }) => kind === 'claim' || kind === 'add');
          expect(isQuiet ? ids.length - new Set(ids).size : 0).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is found again although all tasks before it were taken, or a thousand', async () => {
    await add(...range(1_500));
    const first = await admin.list('q', 'waiting', { limit: 10 });
    await worker.claim(300);
    const second = await admin.list('q', 'waiting', { limit: 1_000, cursor: first.cursor });
    expect(second.tasks[0]?.id).toBe('q:t300');
    await worker.claim(250);
    const rest = await admin.list('q', 'waiting', { limit: 1_000, cursor: second.cursor });
    const seen = [...second.tasks, ...rest.tasks].map(({ id }) => id);
    expect(seen).toEqual(publicIds(range(1_200, 300)));
  });
});

describe('a page', () => {
  it('has 50 tasks, or as many as are wanted', async () => {
    await add(...range(120));
    const page = await admin.list('q', 'waiting');
    expect(page.tasks).toHaveLength(50);
    expect((await admin.list('q', 'waiting', { cursor: page.cursor })).tasks[0]?.id).toBe('q:t50');
    expect((await admin.list('q', 'waiting', { limit: 3 })).tasks).toHaveLength(3);
    expect(await listAll(admin, 'q', 'waiting', { limit: 7 })).toHaveLength(120);
  });

  it('looks at no more than 1,000 tasks, whatever it finds', async () => {
    await add(...range(1_500));
    await broker.enqueue(q, [newTask('wanted', { name: 'rare' })]);
    const first = await admin.list('q', 'waiting', { name: 'rare' });
    expect(first).toEqual({ tasks: [], cursor: expect.any(String) as string });
    const second = await admin.list('q', 'waiting', { name: 'rare', cursor: first.cursor });
    expect(second.tasks.map(({ id }) => id)).toEqual(['q:wanted']);
  });

  it('reads about 1 MiB, and at least one task', async () => {
    const data = JSON.stringify('x'.repeat(400_000));
    for (const id of range(8)) await broker.enqueue(q, [newTask(id, { data })]);
    const page = await admin.list('q', 'waiting');
    expect(page.tasks.map(({ id }) => id)).toEqual(publicIds(range(3)));
    expect(await listAll(admin, 'q', 'waiting')).toHaveLength(8);
    await worker.claim(4);
    expect((await admin.list('q', 'active')).tasks).toHaveLength(3);
    const delayMs = 60_000;
    const outcome = { kind: 'retrying', error: '{"name":"E"}', ranMs: 1, delayMs } as const;
    await worker.exchange(
      0,
      range(4).map((id) => ({ ...outcome, id })),
    );
    expect((await admin.list('q', 'retrying')).tasks).toHaveLength(3);
    expect(await listAll(admin, 'q', 'retrying')).toHaveLength(4);
  });

  it('holds what is looked for by its name, or by a part of its id, name or data', async () => {
    await broker.enqueue(q, [
      newTask('a', { name: 'email.send', data: '{"to":"Ann@example.org"}' }),
      newTask('b', { name: 'email.bounce', data: '{ "to" : "\\u0041nn@example.org" }' }),
      newTask('c-Ann', { name: 'report' }),
    ]);
    const search = async (options: { name?: string; search?: string }): Promise<unknown[]> =>
      (await admin.list('q', 'waiting', options)).tasks.map(({ id }) => id);
    expect(await search({ name: 'email.send' })).toEqual(['q:a']);
    expect(await search({ name: 'email' })).toEqual([]);
    expect(await search({ search: 'Ann' })).toEqual(['q:a', 'q:b', 'q:c-Ann']);
    expect(await search({ search: 'ann' })).toEqual([]);
    expect(await search({ search: '"to":"Ann' })).toEqual(['q:a', 'q:b']);
    expect(await search({ search: 'mail.b' })).toEqual(['q:b']);
    expect(await search({ name: 'report', search: 'Ann' })).toEqual(['q:c-Ann']);
  });

  it('goes on where others were in the same millisecond, also if that one has gone', async () => {
    const at = Date.now() + 60_000;
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await broker.schedule(
      q,
      ids.map((id) => ({ ...newTask(id), due: { atMs: at } })),
    );
    for (const id of ids) await fixture.redis.zadd(key('task_scheduled:{q}'), at, id);
    const page = await admin.list('q', 'scheduled', { limit: 2 });
    expect(page.tasks.map(({ id }) => id)).toEqual(['q:a', 'q:b']);
    const next = await admin.list('q', 'scheduled', { cursor: page.cursor });
    expect(next.tasks.map(({ id }) => id)).toEqual(['q:c', 'q:d', 'q:e']);
    await broker.steering.cancel(q, 'b', '', 60_000);
    const again = await admin.list('q', 'scheduled', { cursor: page.cursor });
    expect(again.tasks.map(({ id }) => id)).toEqual(['q:a', 'q:c', 'q:d', 'q:e']);
  });

  it('of what ended goes on behind the last one, while others end', async () => {
    await add(...range(20));
    await worker.claim(20);
    await worker.exchange(
      0,
      range(10).map((id) => completed(id)),
    );
    const page = await admin.list('q', 'completed', { limit: 4 });
    await worker.exchange(
      0,
      range(10, 10).map((id) => completed(id)),
    );
    const rest = await admin.list('q', 'completed', { cursor: page.cursor });
    const ids = [...page.tasks, ...rest.tasks].map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set(publicIds(range(10))));
    expect(ids).toHaveLength(10);
    expect(page.tasks[0]).toMatchObject({ state: 'completed', data: null });
  });

  it('of what is active goes on by worker and id, whoever settles meanwhile', async () => {
    await add(...range(9));
    await worker.claim(4);
    const other = await new ManualWorker(broker, q, 'another').join();
    await other.claim(5);
    const page = await admin.list('q', 'active', { limit: 3 });
    expect(page.tasks.map(({ id, worker: holder }) => [id, holder])).toEqual(
      ['t4', 't5', 't6'].map((id) => [`q:${id}`, 'another']),
    );
    await other.exchange(0, [completed('t6'), completed('t7')]);
    const rest = await admin.list('q', 'active', { cursor: page.cursor });
    expect(rest.tasks.map(({ id }) => id)).toEqual(publicIds(['t8', 't0', 't1', 't2', 't3']));
  });

  it('writes nothing', async () => {
    await add('a');
    const before = await fixture.keys();
    for (const state of STATES) await admin.list('elsewhere', state);
    for (const state of STATES) await admin.list('q', state);
    expect(await fixture.keys()).toEqual(before);
  });
});

describe('a wrong call', () => {
  it('is refused', async () => {
    await expect(admin.list('no queue', 'waiting')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    const wrong: [unknown, object][] = [
      ['paused', {}],
      [undefined, {}],
      ['waiting', { limit: 0 }],
      ['waiting', { limit: 1_001 }],
      ['waiting', { name: 5 }],
      ['waiting', { search: /x/ }],
      ['waiting', { page: 2 }],
    ];
    for (const [state, options] of wrong) {
      await expect(admin.list('q', state as TaskState, options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    }
  });

  it('with a cursor of another queue or state is refused, or with one that was changed', async () => {
    await add('a', 'b');
    const { cursor } = await admin.list('q', 'waiting', { limit: 1 });
    const refused = { code: 'INVALID_CURSOR' };
    await expect(admin.list('other', 'waiting', { cursor })).rejects.toMatchObject(refused);
    await expect(admin.list('q', 'active', { cursor })).rejects.toMatchObject(refused);
    await expect(admin.list('q', 'waiting', { cursor: `${cursor}=` })).rejects.toMatchObject(refused);
    await expect(admin.list('q', 'waiting', { cursor: cursor?.slice(1) })).rejects.toMatchObject(refused);
    await expect(admin.list('q', 'waiting', { cursor: '' })).rejects.toMatchObject(refused);
    await expect(admin.list('q', 'waiting', { cursor: 5 as never })).rejects.toMatchObject(refused);
  });

  it('with whatever as a cursor is refused, or answered', async () => {
    await add('a', 'b');
    const position = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(fc.oneof(fc.string(), fc.integer(), fc.double())).map((parts) => JSON.stringify(parts)),
    );
    const forged = fc
      .tuple(fc.constantFrom(...STATES), position)
      .map(([state, at]) => [state, Buffer.from(JSON.stringify([1, 'q', state, at])).toString('base64url')] as const);
    const wild = fc.tuple(fc.constantFrom(...STATES), fc.oneof(fc.string(), fc.base64String(), fc.json()));
    const listed = fc.tuple(
      fc.constantFrom('queue', 'suspects', 'priority:5', 'group:x', 'turn:\0'),
      fc.nat(),
      fc.string(),
      fc.nat(),
    );
    const inList = listed.map((at) => ['waiting', JSON.stringify([1, 'q', 'waiting', JSON.stringify(at)])] as const);
    const likely = inList.map(([state, text]) => [state, Buffer.from(text).toString('base64url')] as const);
    await fc.assert(
      fc.asyncProperty(fc.oneof(forged, wild, likely), async ([state, cursor]) => {
        const answer = await admin.list('q', state, { cursor }).catch((error: unknown) => error);
        expect(answer).toSatisfy(
          (each: { code?: string; tasks?: unknown[] }) => each.code === 'INVALID_CURSOR' || Array.isArray(each.tasks),
        );
      }),
      { numRuns: 500 },
    );
  });
});

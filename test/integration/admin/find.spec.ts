import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { WaitingLists } from '../../../lib/broker/redis/listing/waiting-lists.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { TaskQueueAdmin } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('find');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

let broker: RedisBroker;
let admin: TaskQueueAdmin;
let worker: ManualWorker;
beforeEach(async () => {
  broker = openBroker(fixture);
  admin = adminWith({});
  worker = await new ManualWorker(broker, q, 'w').join();
});
afterEach(() => vi.restoreAllMocks());

function adminWith(options: object): TaskQueueAdmin {
  return new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: fixture.url, prefix: fixture.prefix, ...options }));
}

async function add(...ids: string[]): Promise<void> {
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id, { data: JSON.stringify({ of: id }) })),
  );
}

/** Lets something happen while a list is being searched: before its next page is read, once or every time. */
function whileSearched(happens: (turn: number) => Promise<unknown>): void {
  const read = Reflect.get(WaitingLists.prototype, 'readNewest');
  let turn = 0;
  vi.spyOn(WaitingLists.prototype, 'readNewest').mockImplementation(async function (this: WaitingLists, ...page) {
    await happens(turn++);
    return read.apply(this, page);
  });
}

describe('find', () => {
  it('answers the whole status, the data and the worker', async () => {
    await add('a');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'progress', id: 'a', progress: '[1,2]' }]);
    expect(await admin.find('q:a')).toEqual({
      id: 'q:a',
      queue: 'q',
      name: 'task',
      state: 'active',
      priority: 0,
      group: null,
      attempt: 1,
      createdAt: expect.any(Date) as Date,
      startedAt: expect.any(Date) as Date,
      finishedAt: null,
      dueAt: null,
      progress: [1, 2],
      result: null,
      unrecorded: null,
      reason: null,
      error: null,
      earlierErrors: [],
      data: { of: 'a' },
      worker: 'w',
    });
    await worker.exchange(0, [completed('a', { result: '{"sent":1}' })]);
    expect(await admin.find('q:a')).toMatchObject({
      state: 'completed',
      result: { sent: 1 },
      data: null,
      worker: null,
    });
  });

  it('knows nothing of what is not there, and what can be no id is nobody’s', async () => {
    await add('a');
    for (const id of ['q:x', 'elsewhere:a', 'a', '', ':', 'q:', 'no queue:a']) expect(await admin.find(id)).toBeNull();
    for (const id of [5, null, undefined, {}]) {
      await expect(admin.find(id as never)).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
  });

  it('searches every list in which a task may wait', async () => {
    await broker.enqueue(q, [newTask('p', { priority: 5 }), newTask('g', { group: 'g' }), newTask('id:"\\é')], {
      inLanes: true,
    });
    await add('first', 'second', 'third');
    await worker.exchange(2, [], { limits: { names: { task: { max: 1, perMs: 60_000 } } } });
    expect(await fixture.redis.llen(key('task_queue:{q}:turn:task'))).toBeGreaterThan(0);
    await fixture.redis.lpush(key('task_suspects:{q}'), newTask('s').envelope);
    await fixture.redis.hset(key('task_status:{q}:s'), 'state', 'waiting', 'name', 'task');
    const states = await Promise.all(
      ['p', 'g', 'id:"\\é', 'first', 'second', 'third', 's'].map(async (id) => (await admin.find(`q:${id}`))?.state),
    );
    expect(states.filter((state) => state === 'active')).toHaveLength(1);
    expect(states.filter((state) => state === 'waiting')).toHaveLength(6);
  });

  it('finds what has no status only in a queue without statuses of waiting tasks', async () => {
    await broker.enqueue(q, [newTask('a', { group: 'g', data: '7' })], { inLanes: true, withStatus: false });
    expect(await admin.find('q:a')).toBeNull();
    expect(await adminWith({ queues: { q: { status: 'final' } } }).find('q:a')).toMatchObject({
      state: 'waiting',
      group: 'g',
      data: 7,
    });
  });

  it('needs few steps where ids stand in their order, and finds those that do not', async () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => ulid(1_000_000 + n));
    await add(...ids);
    const read = vi.spyOn(WaitingLists.prototype, 'readNewest');
    for (const at of [0, 1, 2_500, 4_998, 4_999]) {
      read.mockClear();
      expect(await admin.find(`q:${ids[at]}`)).toMatchObject({ data: { of: ids[at] } });
      expect(read.mock.calls.length).toBeLessThan(25);
    }
    const [late] = ids.slice(100);
    await fixture.redis.lrem(key('task_queue:{q}'), 1, newTask(late!, { data: JSON.stringify({ of: late }) }).envelope);
    await fixture.redis.lpush(key('task_queue:{q}'), newTask(late!, { data: '"came back"' }).envelope);
    expect(await admin.find(`q:${late}`)).toMatchObject({ data: 'came back' });
  });

  it('reads long tasks in short pages', async () => {
    const data = JSON.stringify('x'.repeat(1_000_000));
    for (const id of ['a', 'b', 'c']) await broker.enqueue(q, [newTask(id, { data })]);
    expect(await admin.find('q:a')).toMatchObject({ id: 'q:a', state: 'waiting' });
  });
});

describe('a task that moves while it is searched for', () => {
  it('is found where it has gone: in the hands of a worker', async () => {
    await add('a', 'b', 'c');
    whileSearched(async (turn) => turn === 0 && worker.claim(2));
    expect(await admin.find('q:a')).toMatchObject({ state: 'active', worker: 'w', data: { of: 'a' } });
  });

  it('is found although the others are added before it all the time', async () => {
    await add(...Array.from({ length: 150 }, (_, n) => `t${n}`));
    whileSearched(async (turn) => add(...Array.from({ length: 20 }, (_, n) => `new${turn}-${n}`)));
    expect(await admin.find('q:t0')).toMatchObject({ state: 'waiting', data: { of: 't0' } });
  });

  it('is found if it was put off, if it has died, and if it has ended', async () => {
    const facts = { error: '{"name":"E","message":"m"}', ranMs: 1 };
    await add('put-off', 'dies', 'ends');
    for (const [id, outcome, state] of [
      ['put-off', { kind: 'retrying', id: 'put-off', delayMs: 60_000, ...facts }, 'retrying'],
      ['dies', { kind: 'failed', id: 'dies', ttlMs: 60_000, ...facts }, 'failed'],
      ['ends', completed('ends'), 'completed'],
    ] as const) {
      vi.restoreAllMocks();
      whileSearched(async (turn) => {
        if (turn > 0) return;
        await worker.claim(1);
        await worker.exchange(0, [outcome]);
      });
      expect(await admin.find(`q:${id}`)).toMatchObject({ id: `q:${id}`, state });
    }
  });

  it('is found if it comes back to the other end, or gets another priority', async () => {
    await add('a', 'b');
    whileSearched(async (turn) => turn === 0 && broker.steering.reprioritize(q, 'a', 9));
    expect(await admin.find('q:a')).toMatchObject({ state: 'waiting', priority: 9, data: { of: 'a' } });
  });

  it('is never nobody, even if it is always somewhere else', async () => {
    await add('a');
    whileSearched(async () => {
      const { priority = 0 } = (await broker.statuses(q, ['a']))[0] ?? {};
      await broker.steering.reprioritize(q, 'a', priority + 1);
      await fixture.redis.hset(key('task_status:{q}:a'), 'priority', priority);
    });
    expect(await admin.find('q:a')).toMatchObject({ id: 'q:a', state: 'waiting' });
  });
});

import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { type TaskContext, TaskQueueAdmin } from '../../../lib/index.js';
import { completed, ManualWorker, newTask, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('cancel');
const key = (name: string): string => `${fixture.prefix}${name}`;

async function start(
  handle: (data: unknown, task: TaskContext) => unknown,
  options: { concurrency?: number; lease?: `${number}s` } = {},
): Promise<TestApp & { admin: TaskQueueAdmin; ran: unknown[] }> {
  const ran: unknown[] = [];
  const { concurrency = 10, lease = '15s' } = options;
  const handler = workHandler((data: unknown, task) => {
    ran.push(data);
    return handle(data, task);
  });
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, lease, defaults: { concurrency } }, [
    handler,
  ]);
  return { ...app, admin: app.app.get(TaskQueueAdmin), ran };
}

describe('cancelling what is waiting', () => {
  it('never runs it, says so at once, and leaves nothing behind', async () => {
    const gate = new Latch();
    const app = await start(() => gate.opened, { concurrency: 1 });
    await app.producer.add('work', 'first');
    await eventually(() => app.ran.length === 1);
    const { id } = await app.producer.add('work', 'second');
    await app.producer.add('work', 'third');
    expect(await app.admin.cancel(id, 'nobody wants it')).toEqual({ cancelled: true, state: 'waiting' });
    expect(await app.status.get(id)).toMatchObject({ state: 'cancelled', reason: 'nobody wants it', attempt: 0 });
    expect(await app.admin.cancel(id)).toEqual({ cancelled: false, state: 'cancelled' });
    gate.open();
    await eventually(() => app.ran.length === 2);
    expect(app.ran).toEqual(['first', 'third']);
    expect(await fixture.redis.exists(key('task_cancel:{default}'))).toBe(0);
  });

  it('keeps its status until a worker has come to it, so that no other task of its id takes its place', async () => {
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(q, [newTask('a', { token: 'first' })]);
    expect(await broker.steering.cancel(q, 'a', 'off', 0)).toBe('waiting');
    expect(await fixture.redis.ttl(key('task_status:{q}:a'))).toBe(-1);
    expect(await broker.enqueue(q, [newTask('a', { token: 'second' })])).toEqual(['known']);
    expect(await worker.claim(5)).toEqual([]);
    expect(await fixture.redis.ttl(key('task_status:{q}:a'))).toBeGreaterThan(0);
    expect(await fixture.redis.exists(key('task_queue:{q}'), key('task_cancel:{q}'))).toBe(0);
  });

  it('costs no slot: a backlog that was called off is dropped in few calls', async () => {
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    const worker = await new ManualWorker(broker, q, 'w').join();
    const ids = Array.from({ length: 150 }, (_, n) => `t${n}`);
    await broker.enqueue(
      q,
      [...ids, 'wanted'].map((id) => newTask(id)),
    );
    for (const id of ids) await broker.steering.cancel(q, id, 'off', 60_000);
    for (let call = 0; call < 3; call++) expect(await worker.exchange(1)).toMatchObject({ claimed: [], more: true });
    expect(await worker.claim(1)).toEqual(['wanted']);
  });

  it('takes a scheduled one out of its place', async () => {
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(q, [newTask('a')]);
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'retrying', id: 'a', error: '{}', ranMs: 1, delayMs: 3_600_000 }]);
    expect(await broker.steering.cancel(q, 'a', 'off', 60_000)).toBe('retrying');
    expect(await fixture.redis.exists(key('task_scheduled:{q}'), key('task_parked:{q}'), key('task_cancel:{q}'))).toBe(
      0,
    );
    const status = await fixture.redis.hgetall(key('task_status:{q}:a'));
    expect(status).toMatchObject({ state: 'cancelled', reason: 'off' });
    expect(status['due']).toBeUndefined();
  });

  it('finds nothing to cancel in an unknown id, and takes no other value for one', async () => {
    const { admin } = await start(() => undefined);
    expect(await admin.cancel('default:unknown')).toBeNull();
    expect(await admin.cancel('no public id')).toBeNull();
    await expect(admin.cancel(7 as never)).rejects.toMatchObject({ code: 'INVALID_ID' });
    expect(await fixture.redis.exists(key('task_cancel:{default}'))).toBe(0);
  });
});

describe('cancelling what is active', () => {
  /** Long before the next beat, which is 5 seconds away. */
  const SOON = { timeoutMs: 3_000 };

  it.each([
    ['with free slots', 10],
    ['with all slots taken', 1],
  ])('fires its signal at once in a worker %s, and it ends cancelled', async (_which, concurrency) => {
    const app = await start(
      (_data, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      { concurrency },
    );
    const { id } = await app.producer.add('work');
    await eventually(() => app.ran.length === 1);
    await reaches(app.status, id, 'active');
    expect(await app.admin.cancel(id, 'enough')).toEqual({ cancelled: true, state: 'active' });
    await eventually(async () => (await app.status.get(id))?.state === 'cancelled', SOON);
    expect(await app.status.get(id)).toMatchObject({ reason: 'enough', error: null, attempt: 1 });
    expect(await fixture.redis.exists(key('task_cancel:{default}'), key('task_dead:{default}'))).toBe(0);
    await app.producer.add('work', 'next');
    await eventually(() => app.ran.includes('next'));
  });

  it('wins over what the handler returns after it, though it never looked at its signal', async () => {
    const gate = new Latch<string>();
    const app = await start(() => gate.opened);
    const { id } = await app.producer.add('work');
    await eventually(() => app.ran.length === 1);
    expect((await app.admin.cancel(id))?.cancelled).toBe(true);
    gate.open('a result');
    expect(await reaches(app.status, id, 'cancelled')).toMatchObject({ result: null });
  });

  it('comes too late for what is completed, and says so', async () => {
    const app = await start(() => 'done');
    const { id } = await app.producer.add('work');
    await reaches(app.status, id, 'completed');
    expect(await app.admin.cancel(id)).toEqual({ cancelled: false, state: 'completed' });
    expect(await app.status.get(id)).toMatchObject({ state: 'completed', result: 'done' });
  });

  it('has exactly one winner in every race with completion, and the answer names it', async () => {
    const app = await start(async (data) => {
      for (let turn = 0; turn < Number(data); turn++) await new Promise((resolve) => setImmediate(resolve));
      return 'done';
    });
    const winners = { cancel: 0, completion: 0 };
    for (let round = 0; round < 300; round++) {
      const { id } = await app.producer.add('work', round % 10);
      for (let turn = 0; turn < round % 7; turn++) await new Promise((resolve) => setImmediate(resolve));
      const answer = await app.admin.cancel(id);
      const end = await eventually(async () => {
        const status = await app.status.get(id);
        return status?.finishedAt ? status.state : null;
      });
      expect([answer?.cancelled, end]).toEqual(answer?.cancelled ? [true, 'cancelled'] : [false, 'completed']);
      winners[answer?.cancelled ? 'cancel' : 'completion']++;
    }
    expect(Math.min(winners.cancel, winners.completion)).toBeGreaterThan(0);
    expect(await fixture.redis.exists(key('task_cancel:{default}'))).toBe(0);
  });

  it('holds although its worker gives it back, or dies with it', async () => {
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    await worker.claim(2);
    await broker.steering.cancel(q, 'a', 'off', 60_000);
    await broker.steering.cancel(q, 'b', 'off', 60_000);
    expect((await broker.beat(q, 'w', 60_000))?.cancelled.sort()).toEqual(['a', 'b']);
    await worker.exchange(0, [{ kind: 'released', id: 'a', began: true }]);
    await fixture.redis.zadd(key('task_workers:{q}'), 1, 'w');
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: [], buried: [] });
    const states = (await broker.statuses(q, ['a', 'b'])).map((status) => status?.state);
    expect(states).toEqual(['cancelled', 'cancelled']);
    expect(await fixture.redis.exists(key('task_queue:{q}'), key('task_cancel:{q}'))).toBe(0);
  });

  it('does not take for it what somebody else pushed with the same id', async () => {
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    await fixture.redis.lpush(key('task_queue:{q}'), '{"name":"task","id":"a","data":"pushed"}');
    await broker.enqueue(q, [newTask('a', { data: '"added"' })]);
    expect(await broker.steering.cancel(q, 'a', 'off', 0)).toBe('waiting');
    const worker = await new ManualWorker(broker, q, 'w').join();
    const claimed = (await worker.exchange(5))?.claimed ?? [];
    expect(claimed.map((text) => decodeEnvelope(text).data)).toEqual(['pushed']);
    expect(await fixture.redis.exists(key('task_cancel:{q}'))).toBe(0);
  });

  it('does not touch another task of the same id that comes later', async () => {
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(q, [newTask('a')]);
    await worker.claim(1);
    await worker.exchange(0, [completed('a', { ttlMs: 0 })]);
    expect(await broker.steering.cancel(q, 'a', 'late', 60_000)).toBeNull();
    await broker.enqueue(q, [newTask('a')]);
    expect(await worker.claim(1)).toEqual(['a']);
  });
});

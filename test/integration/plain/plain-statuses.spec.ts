import { describe, expect, it, onTestFinished } from 'vitest';
import { firstValueFrom, toArray } from 'rxjs';
import {
  type QueueOptions,
  SnoozeTask,
  type StatusPolicy,
  type TaskContext,
  TaskQueueAdmin,
} from '../../../lib/index.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { began, ManualWorker, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { PlainLists } from '../../support/plain-lists.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('plain-statuses');
const plain = new PlainLists(fixture);
const { redis } = fixture;
const HOUR = 3_600_000;
const RETAINED = { completed: HOUR, failed: 2 * HOUR };

/** What the handler does is said by the element. */
interface Element {
  id: string;
  does?: 'waits' | 'fails' | 'snoozes';
  /** So many times, before it is completed. */
  times?: number;
}

/** A worker of queue `q`. Handlers that wait do until `gate` is open. */
async function start(
  options: QueueOptions = {},
): Promise<TestApp & { gate: Latch; began: string[]; admin: TaskQueueAdmin }> {
  const gate = new Latch();
  const began: string[] = [];
  onTestFinished(() => gate.open());
  const handler = workHandler(
    async (text: string, { attempt, signal, id }: TaskContext) => {
      const { does, times = Infinity } = JSON.parse(text) as Element;
      began.push(id);
      if (does === 'waits') await Promise.race([gate.opened, new Promise((resolve) => (signal.onabort = resolve))]);
      if (does === 'fails' && attempt <= times) throw new Error('as asked for');
      if (does === 'snoozes' && began.length <= times) throw new SnoozeTask(150);
      return 'done';
    },
    { queue: 'q', attempts: 2, backoff: { type: 'fixed', delay: 150 } },
  );
  const queue = { retention: RETAINED, concurrency: 1, ...options };
  const app = await startApp(plain.options({}, { queues: { q: queue } }), [handler]);
  return { ...app, gate, began, admin: app.app.get(TaskQueueAdmin) };
}

const push = async (...elements: Element[]): Promise<void> =>
  plain.push(...elements.map((each) => JSON.stringify(each)));

/** The key goes so long after the task has ended, and nothing follows the task any more. */
async function expectEnded(id: string, ttlMs: number): Promise<void> {
  const left = await redis.pttl(plain.statusPrefix + id);
  expect(left).toBeLessThanOrEqual(ttlMs);
  expect(left).toBeGreaterThan(ttlMs - 30_000);
  expect(await redis.exists(plain.entries)).toBe(0);
}

describe('the plain status of an element', () => {
  it('says waiting, active and completed, and then stays as long as the status does', async () => {
    const { gate } = await start();
    await push({ id: 'a', does: 'waits' }, { id: 'b' });
    await plain.says('a', 'active');
    await plain.says('b', 'waiting');
    expect(await redis.pttl(`${plain.statusPrefix}b`)).toBe(-1);
    expect(await redis.hlen(plain.entries)).toBe(2);
    gate.open();
    await plain.says('a', 'completed');
    await plain.says('b', 'completed');
    await expectEnded('a', RETAINED.completed);
  });

  it('says retrying, failed, and once the dead letter is retried waiting again', async () => {
    const { admin } = await start();
    await push({ id: 'a', does: 'fails' });
    await plain.says('a', 'retrying');
    await plain.says('a', 'failed');
    await expectEnded('a', RETAINED.failed);

    const [dead = ''] = await redis.zrange(`${fixture.prefix}task_dead:{q}`, '0', '-1');
    await redis.hset(`${fixture.prefix}task_parked:{q}`, dead, await asEasy(dead));
    expect(await admin.retry(`q:${dead}`)).toBe(true);
    await plain.says('a', 'completed');
    await expectEnded('a', RETAINED.completed);
    expect(await redis.hget(`${fixture.prefix}task_status:{q}:${dead}`, 'plain')).toBeNull();
  });

  it('says waiting while a retried dead letter waits, and failed if it fails again', async () => {
    const { admin, gate } = await start({ attempts: 1 });
    await push({ id: 'a', does: 'fails' });
    await plain.says('a', 'failed');
    await push({ id: 'blocker', does: 'waits' });
    await plain.says('blocker', 'active');
    expect(await admin.retryAll('q')).toBe(1);
    expect(await plain.word('a')).toBe('waiting');
    expect(await redis.pttl(`${plain.statusPrefix}a`)).toBe(-1);
    gate.open();
    await plain.says('a', 'failed');
    await plain.says('blocker', 'completed');
    await expectEnded('a', RETAINED.failed);
  });

  it('says scheduled while it is put off', async () => {
    const { began } = await start();
    await push({ id: 'a', does: 'snoozes', times: 1 });
    await plain.says('a', 'scheduled');
    await plain.says('a', 'completed');
    expect(began).toHaveLength(2);
  });

  it('says cancelled of what waits, at once, and of what runs', async () => {
    const { admin, began } = await start();
    await push({ id: 'runs', does: 'waits' });
    await plain.says('runs', 'active');
    await push({ id: 'waits' });
    await plain.says('waits', 'waiting');
    const running = await idOf('runs');
    expect(await admin.cancel(`q:${await idOf('waits')}`)).toMatchObject({ state: 'waiting' });
    expect(await plain.word('waits')).toBe('cancelled');
    expect(await admin.cancel(`q:${running}`)).toMatchObject({ state: 'active' });
    await plain.says('runs', 'cancelled');
    await expectEnded('runs', RETAINED.completed);
    await expectEnded('waits', RETAINED.completed);
    expect(began).toHaveLength(1);
  });

  it('says cancelled of what expires', async () => {
    const { gate, began } = await start({ expiresIn: 200 });
    await push({ id: 'blocker', does: 'waits' }, { id: 'late' });
    await plain.says('late', 'waiting');
    await new Promise((resolve) => setTimeout(resolve, 250));
    gate.open();
    await plain.says('late', 'cancelled');
    expect(began).toHaveLength(1);
    await expectEnded('late', RETAINED.completed);
  });

  it('says waiting again of what its worker has lost, and failed once it is buried', async () => {
    // Nobody but the test works on it.
    const broker = openBroker(fixture);
    const q = partitionOf('q');
    const inlet = broker.plain.open(q, plain.source({ failedTtlMs: 2 * HOUR }));
    await push({ id: 'a' });
    expect(await inlet.adopt()).toEqual({ count: 1, more: false, malformed: [] });
    for (const [worker, word] of [
      ['w1', 'waiting'],
      ['w2', 'waiting'],
      ['w3', 'failed'],
    ] as const) {
      const manual = await new ManualWorker(broker, q, worker, { leaseMs: 1_000 }).join();
      const [id = ''] = await manual.claim(1);
      await manual.exchange(0, [began(id)]);
      expect(await plain.word('a')).toBe('active');
      await eventually(async () => broker.recover(q, 2, RETENTION));
      expect(await plain.word('a')).toBe(word);
    }
    await expectEnded('a', 2 * HOUR);
  });

  it('says what a repair finds out', async () => {
    const { admin, gate } = await start();
    await push({ id: 'blocker', does: 'waits' });
    await plain.says('blocker', 'active');
    await push({ id: 'a' });
    await plain.says('a', 'waiting');
    await redis.del(`${fixture.prefix}task_queue:{q}`);
    expect(await admin.repair('q')).toMatchObject({ damages: [{ kind: 'statusWithoutTask', repaired: 1 }] });
    expect(await plain.word('a')).toBe('failed');
    gate.open();
    await plain.says('blocker', 'completed');
    await expectEnded('a', RETAINED.failed);
  });

  it('is followed by whoever watches the task, too', async () => {
    const { gate, status, began } = await start();
    await push({ id: 'a', does: 'waits' });
    await eventually(() => began.length === 1);
    const states = firstValueFrom(status.watch(began[0] ?? '').pipe(toArray()));
    await eventually(async () => redis.exists(`${fixture.prefix}task_watched:{q}`));
    gate.open();
    expect((await states).map(({ state }) => state)).toEqual(['active', 'completed']);
    await plain.says('a', 'completed');
  });

  it.each<StatusPolicy>(['final', 'off'])('is written where the queue has no status yet (%s)', async (policy) => {
    const { gate } = await start({ attempts: 1, status: policy });
    await push({ id: 'a', does: 'waits' }, { id: 'b', does: 'fails' });
    await plain.says('b', 'waiting');
    expect(await redis.exists(`${fixture.prefix}task_status:{q}:${await idOf('b')}`)).toBe(0);
    gate.open();
    await plain.says('a', 'completed');
    await plain.says('b', 'failed');
  });

  it('stays for a minute where the queue keeps nothing', async () => {
    await start({ attempts: 1, retention: { completed: 0, failed: 0 } });
    await push({ id: 'a' }, { id: 'b', does: 'fails' });
    await plain.says('a', 'completed');
    await plain.says('b', 'failed');
    await expectEnded('a', 60_000);
    await expectEnded('b', 60_000);
    expect((await fixture.keys()).filter((key) => key.startsWith('task_status:'))).toEqual([]);
  });

  it.each<StatusPolicy>(['full', 'off'])(
    'is cancelled without a trace where nothing is kept (status: %s)',
    async (status) => {
      const { began, admin } = await start({ status, retention: { completed: 0, failed: 0 } });
      await push({ id: 'a', does: 'waits' });
      await eventually(() => began.length === 1);
      await admin.cancel(began[0] ?? '');
      await plain.says('a', 'cancelled');
      await expectEnded('a', 60_000);
    },
  );
});

describe('the key of a plain status', () => {
  it('has the id that the element names, as text or as a whole number; else that of the task', async () => {
    await start();
    await plain.push('{"id":7}', '{"id":"ünï:1"}', ' {"x":{"id":9},"id":"8"}', '{"id":9007199254740993}', '{"id":1.5}');
    await plain.push('{"id":""}', `{"id":"${'x'.repeat(300)}"}`, '{"id":null}', '["id"]', '{"id":5', 'id');
    const ids = async (): Promise<string[]> => {
      const keys = (await fixture.keys()).filter((key) => key.startsWith('plain_status:'));
      return keys.map((key) => key.slice('plain_status:'.length));
    };
    await eventually(async () => (await ids()).length === 11);
    const own = ['7', 'ünï:1', '8'];
    const generated = (await ids()).filter((id) => !own.includes(id));
    expect(generated).toHaveLength(8);
    for (const id of generated) expect(await redis.exists(`${fixture.prefix}task_status:{q}:${id}`)).toBe(1);
  });

  it('has the id of another member where the options say so', async () => {
    const handler = workHandler(() => undefined, { queue: 'q' });
    await startApp(plain.options({ idField: 'job' }), [handler]);
    await plain.push('{"id":"not this","job":42}');
    await plain.says(42, 'completed');
    expect(await plain.word('not this')).toBeNull();
  });

  it('is one for two elements of one id, which are two tasks all the same', async () => {
    const { began } = await start();
    await push({ id: 'a' }, { id: 'a' });
    await eventually(() => began.length === 2);
    expect(new Set(began).size).toBe(2);
    await plain.says('a', 'completed');
  });

  it('is left alone where somebody keeps something else there, and the task runs', async () => {
    const { began, log } = await start();
    await redis.hset(`${plain.statusPrefix}a`, 'precious', '1');
    await push({ id: 'a' }, { id: 'b' });
    await plain.says('b', 'completed');
    expect(began).toHaveLength(2);
    expect(await redis.hgetall(`${plain.statusPrefix}a`)).toEqual({ precious: '1' });
    expect(await redis.exists(plain.entries)).toBe(0);
    expect(log.of('error')).toEqual([]);
  });
});

it('queues without plain tasks have no trace of them', async () => {
  const { producer, status } = await start();
  const { id } = await producer.add('work', JSON.stringify({ id: 'a' }), { queue: 'q' });
  await eventually(async () => (await status.get(id))?.state === 'completed');
  expect((await fixture.keys()).filter((key) => key.includes('plain'))).toEqual([]);
});

/** The envelope of a dead letter, changed by hand so that it does not fail again. */
async function asEasy(id: string): Promise<string> {
  const envelope = (await redis.hget(`${fixture.prefix}task_parked:{q}`, id)) ?? '';
  return envelope.replace('fails', 'works');
}

/** Of the task that has not ended and whose element names this id. */
async function idOf(own: string): Promise<string> {
  const entries = Object.entries(await redis.hgetall(plain.entries));
  return entries.find(([, entry]) => entry.endsWith(`:${own}`))?.[0] ?? '';
}

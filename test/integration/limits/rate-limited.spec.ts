import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { InvalidOptionsError, RateLimited, type TaskContext } from '../../../lib/index.js';
import { ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('rate-limited');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

afterEach(() => expectNoDamage(fixture, 'q'));

describe('a task that was told to wait', () => {
  it('is the next one again, as if it had never been claimed, and nobody claims anything meanwhile', async () => {
    const broker = openBroker(fixture);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    const [one, two] = await Promise.all(['w1', 'w2'].map(async (id) => new ManualWorker(broker, q, id).join()));
    await one?.exchange(1);
    const reply = await one?.exchange(1, [{ kind: 'limited', id: 'a', delayMs: 10_000 }]);
    expect(reply).toMatchObject({ claimed: [], more: false, isHeldUp: true });
    expect(reply?.nextDueMs).toBeGreaterThan(9_000);
    expect(await two?.exchange(1)).toMatchObject({ claimed: [], more: false, isHeldUp: true });
    expect(await fixture.redis.hgetall(key('task_status:{q}:a'))).toEqual({
      state: 'waiting',
      name: 'task',
      created: expect.any(String) as string,
    });
    await fixture.redis.del(key('task_limited:{q}'));
    const [claimed] = (await two?.exchange(1))?.claimed ?? [];
    expect(decodeEnvelope(claimed ?? '')).toMatchObject({ id: 'a', attempt: 0 });
  });

  it.each([
    [10_000, 1_000],
    [1_000, 10_000],
  ])('waits for as long as the longest wait says: %i ms and %i ms', async (first, second) => {
    const broker = openBroker(fixture);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    const worker = await new ManualWorker(broker, q, 'w1').join();
    await worker.exchange(2);
    await worker.exchange(0, [
      { kind: 'limited', id: 'a', delayMs: first },
      { kind: 'limited', id: 'b', delayMs: second },
    ]);
    expect(await fixture.redis.pttl(key('task_limited:{q}'))).toBeGreaterThan(9_000);
  });

  it('need not wait at all if the upstream says so', async () => {
    const broker = openBroker(fixture);
    await broker.enqueue(q, [newTask('a')]);
    const worker = await new ManualWorker(broker, q, 'w1').join();
    await worker.exchange(1);
    await worker.exchange(0, [{ kind: 'limited', id: 'a', delayMs: 0 }]);
    await eventually(async () => (await worker.claim(1)).length === 1, { timeoutMs: 1_000 });
  });
});

describe('RateLimited', () => {
  /** When each run began, and what it was. */
  let starts: { at: number; data: unknown; attempt: number }[] = [];
  let limitsLeft = 0;
  let limitedAt = 0;

  beforeEach(() => {
    starts = [];
    limitsLeft = 1;
    limitedAt = 0;
  });

  const handler = workHandler(
    (data: { n: number; limits?: boolean }, { attempt }: TaskContext) => {
      starts.push({ at: performance.now(), data: data.n, attempt });
      if (data.limits !== true || limitsLeft-- <= 0) return;
      limitedAt = performance.now();
      throw new RateLimited('400ms');
    },
    { queue: 'q' },
  );
  const start = (options: object = {}): Promise<TestApp> =>
    startApp({ redis: fixture.url, prefix: fixture.prefix, defaults: { concurrency: 1 }, ...options }, [handler]);

  it('makes the queue rest in all processes, and uses no attempt', async () => {
    const producer = await start({ consume: false });
    const apps = await Promise.all([start(), start()]);
    const { id } = await producer.producer.add('work', { n: 0, limits: true });
    await eventually(() => limitedAt > 0);
    await eventually(() => fixture.redis.exists(key('task_limited:{q}')));
    await producer.producer.addBulk(Array.from({ length: 5 }, (_, n) => ({ name: 'work', data: { n: n + 1 } })));
    await eventually(() => starts.length === 7);

    // A key of Redis ends with the millisecond, and so long is a start on its way.
    for (const { at } of starts.slice(1)) expect(at - limitedAt).toBeGreaterThan(390);
    expect(starts.filter(({ data }) => data === 0).map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect((await reaches(producer.status, id, 'completed')).attempt).toBe(1);
    const told = apps.flatMap(({ log }) => log.of('warn')).filter((line) => line.includes('rests for 400 ms'));
    expect(told).toHaveLength(1);
  });

  it('gives back what was fetched ahead, also what is on its way', async () => {
    const { producer } = await start({ consume: false });
    const rows = Array.from({ length: 300 }, (_, n) => ({ name: 'work', data: { n, limits: n === 150 }, queue: 'q' }));
    await producer.addBulk(rows);
    await start();
    await eventually(() => starts.length === 301);
    expect(starts.slice(0, 151).map(({ data }) => data)).toEqual(rows.slice(0, 151).map(({ data }) => data.n));
    for (const { at } of starts.slice(151)) expect(at - limitedAt).toBeGreaterThan(390);
    expect(new Set(starts.map(({ data }) => data)).size).toBe(300);
    expect(starts.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  it('refuses a wait that is none, when it is made', () => {
    for (const wrong of ['soon', -1, NaN, null, '25h', Infinity]) {
      expect(() => new RateLimited(wrong as never)).toThrow(InvalidOptionsError);
    }
    expect([new RateLimited(0).delayMs, new RateLimited('24h').delayMs]).toEqual([0, 86_400_000]);
  });
});

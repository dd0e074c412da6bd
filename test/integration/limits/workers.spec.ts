import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { type RedisTaskQueueOptions, type TaskContext, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { expectWithinRate } from '../../support/windows.js';

const fixture = redisFixture('limited-workers');
const key = (name: string): string => `${fixture.prefix}${name}`;

let ran: { name: string; data: unknown }[] = [];
let doors: (() => void)[] = [];
let aborted = 0;

beforeEach(() => {
  ran = [];
  doors = [];
  aborted = 0;
});
afterEach(async () => {
  vi.restoreAllMocks();
  await expectNoDamage(fixture);
});

@Injectable()
class Tasks {
  @TaskHandler('plain')
  plain(data: unknown): void {
    ran.push({ name: 'plain', data });
  }

  @TaskHandler('slow', { rate: { max: 2, per: '5s' } })
  slow(data: unknown): void {
    ran.push({ name: 'slow', data });
  }

  @TaskHandler('gated')
  async gated(data: unknown, { signal }: TaskContext): Promise<void> {
    ran.push({ name: 'gated', data });
    signal.addEventListener('abort', () => aborted++);
    await new Promise<void>((resolve, reject) => {
      doors.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }
}

@Injectable()
class Batches {
  @TaskHandler('batched', { batch: { size: 10, maxWait: '1h' } })
  batched(data: unknown[]): void {
    ran.push({ name: 'batched', data });
  }

  @TaskHandler('alone')
  alone(data: unknown): void {
    ran.push({ name: 'alone', data });
  }
}

const start = (queue: NonNullable<RedisTaskQueueOptions['queues']>[string], options: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, queues: { default: queue }, ...options }, [Tasks]);

it('a worker that has to wait makes few calls, however much is added meanwhile, and goes on by itself', async () => {
  const { producer } = await start({ rate: { max: 2, per: '4s' } });
  await producer.add('plain', 1);
  await producer.add('plain', 2);
  await eventually(() => ran.length === 2);
  const began = performance.now();
  const exchanges = vi.spyOn(RedisBroker.prototype, 'exchange');
  const sleeps = vi.spyOn(RedisBroker.prototype, 'sleep');
  for (let n = 3; n <= 1_002; n++) await producer.add('plain', n);
  const tookMs = performance.now() - began;
  const [calls, naps] = [exchanges.mock.calls.length, sleeps.mock.calls.length];
  // One that learns of the limit; and one more for each span that has gone by meanwhile.
  const spans = Math.ceil(tookMs / 4_000);
  expect(calls).toBeLessThanOrEqual(4 * spans);
  expect(naps).toBeLessThanOrEqual(6 * spans);
  expect(ran.length).toBeLessThanOrEqual(2 * (spans + 1));

  const before = ran.length;
  await eventually(() => ran.length > before, { what: 'The next span' });
  expect(ran.map(({ data }) => data)).toEqual(ran.map((_, row) => row + 1));
});

it('a batch does not wait for tasks that globalConcurrency keeps away', async () => {
  const options = { redis: fixture.url, prefix: fixture.prefix, defaults: { globalConcurrency: 2 } };
  const { producer } = await startApp(options, [Batches]);
  await producer.addBulk([1, 2, 3].map((data) => ({ name: 'batched', data })));
  await producer.add('alone', 4);
  await eventually(() => ran.length === 2);
  expect(ran).toContainEqual({ name: 'batched', data: [1, 2] });
  expect(ran).toContainEqual({ name: 'alone', data: 4 });
});

it('two workers keep to a rate together', async () => {
  const rate = { max: 5, perMs: 200 };
  const options = { concurrency: 3, rate: { max: rate.max, per: rate.perMs } };
  const exchanges = vi.spyOn(RedisBroker.prototype, 'exchange');
  const [{ producer }] = await Promise.all([start(options), start(options)]);
  await producer.addBulk(Array.from({ length: 30 }, (_, n) => ({ name: 'plain', data: n })));
  await eventually(() => ran.length === 30);
  const replies = await Promise.all(
    exchanges.mock.results.map(({ value }) => value as ReturnType<RedisBroker['exchange']>),
  );
  const times = replies.flatMap((reply) => (reply?.claimed ?? []).map(() => reply?.nowMs ?? 0));
  expectWithinRate(
    times.sort((one, two) => one - two),
    rate,
  );
  // Neither turns round and round meanwhile.
  expect(replies.length).toBeLessThan(150);
});

it('a handler with a rate of its own does not hold up the others of its queue', async () => {
  const { producer } = await start({});
  await producer.addBulk([
    ...Array.from({ length: 5 }, (_, n) => ({ name: 'slow', data: n })),
    ...Array.from({ length: 5 }, (_, n) => ({ name: 'plain', data: n })),
  ]);
  await eventually(() => ran.length >= 7);
  expect(ran.filter(({ name }) => name === 'slow').map(({ data }) => data)).toEqual([0, 1]);
  expect(ran.filter(({ name }) => name === 'plain').map(({ data }) => data)).toEqual([0, 1, 2, 3, 4]);
});

it('the option "tasks" has its say before the decorator', async () => {
  const { producer } = await start({}, { tasks: { slow: { rate: { max: 4, per: '5s' } } } });
  await producer.addBulk(Array.from({ length: 6 }, (_, n) => ({ name: 'slow', data: n })));
  await eventually(() => ran.length === 4);
  await eventually(() => fixture.redis.exists(key('task_queue:{default}:turn:slow')));
  expect(ran).toHaveLength(4);
});

it('globalConcurrency: no more run at once in all processes', async () => {
  const options = { concurrency: 2, globalConcurrency: 3 };
  const [{ producer }] = await Promise.all([start(options), start(options)]);
  await producer.addBulk(Array.from({ length: 8 }, (_, n) => ({ name: 'gated', data: n })));
  let ended = 0;
  while (ended < 8) {
    const expected = Math.min(3, 8 - ended);
    await eventually(() => doors.length === expected, { what: `That ${expected} run` });
    expect(ran).toHaveLength(Math.min(8, ended + 3));
    doors.shift()?.();
    ended++;
  }
});

it('nothing is fetched ahead where limits count what is claimed, however quick its handlers are', async () => {
  const exchanges = vi.spyOn(RedisBroker.prototype, 'exchange');
  const { producer } = await start({ concurrency: 3, globalConcurrency: 100 });
  await producer.addBulk(Array.from({ length: 300 }, (_, n) => ({ name: 'plain', data: n })));
  await eventually(() => ran.length === 300);
  for (const [, { want }] of exchanges.mock.calls) expect(want).toBeLessThanOrEqual(3);
});

it('a worker that ends wakes another one that has to wait for that', async () => {
  const options = { concurrency: 1, globalConcurrency: 1 };
  const first = await start(options);
  await first.producer.add('gated', 'first');
  await eventually(() => doors.length === 1);
  const second = await start(options);
  const sleeps = vi.spyOn(RedisBroker.prototype, 'sleep');
  await first.producer.add('gated', 'second');
  await eventually(() => sleeps.mock.calls.some(([{ heldUp }]) => heldUp?.length === 1), { what: 'To be held up' });

  const began = performance.now();
  const stopping = stopApp(first);
  doors.shift()?.();
  await stopping;
  await eventually(() => ran.length === 2);
  // By itself it would look after five seconds.
  expect(performance.now() - began).toBeLessThan(3_000);
  doors.shift()?.();
  await stopApp(second);
});

it('does not spin while the limit is reached, however much is added', async () => {
  const options = { concurrency: 2, globalConcurrency: 1 };
  const [{ producer }] = await Promise.all([start(options), start(options)]);
  await producer.add('gated', 'holds the slot');
  await eventually(() => doors.length === 1);
  const exchanges = vi.spyOn(RedisBroker.prototype, 'exchange');
  for (let n = 0; n < 300; n++) await producer.add('plain', n);
  expect(exchanges.mock.calls.length).toBeLessThan(20);
  doors.shift()?.();
  await eventually(() => ran.length === 301);
});

it('a cancel reaches what runs at once, although its worker has to wait', async () => {
  const { app, producer } = await start({ rate: { max: 1, per: '20s' } });
  const { id } = await producer.add('gated');
  await producer.add('plain');
  await eventually(() => doors.length === 1);
  const began = performance.now();
  await app.get(TaskQueueAdmin).cancel(id);
  await eventually(() => aborted === 1);
  expect(performance.now() - began).toBeLessThan(2_000);
});

import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { privateRedis } from '../support/private-redis.js';
import { Consumer, peerRanges } from './consumer.js';
import { ConsumerApp } from './consumer-app.js';

/** As the applications have it. */
const COMMAND_TIMEOUT_MS = 500;

const target = privateRedis();
const consumers = await Consumer.all();

it('every version that the peer ranges begin with is that of a consumer', async () => {
  const claimed = Object.entries(await peerRanges()).flatMap(([peer, range]) =>
    range.split(' || ').map((each) => `${peer} ${each.replace('^', '')}`),
  );
  const proven = consumers.flatMap(({ versions }) => Object.entries(versions).map((entry) => entry.join(' ')));
  expect(claimed.length).toBeGreaterThan(0);
  expect(claimed.filter((each) => !proven.includes(each))).toEqual([]);
});

describe.each(consumers.map((consumer) => [consumer.name, consumer] as const))('%s', (_name, consumer) => {
  it('installs the packed library beside its peers, and compiles with it, strictly', async () => {
    await expect(consumer.main()).resolves.toMatch(/main\.js$/);
  });

  it('adds and handles tasks, with all that stands around a handler, tells of them, and ends in order', async () => {
    const app = await ConsumerApp.start(consumer, target.url);
    const milk = await app.status(await app.order('milk'));
    expect(milk).toMatchObject({ state: 'completed', progress: 100, result: '[number 2 x milk]' });
    expect(await app.status(await app.order('ice'))).toMatchObject({ attempt: 2, result: '[number 2 x ice]' });
    expect(await app.status(await app.order('dodo'))).toMatchObject({ result: 'refunded at attempt 1' });
    const rejected = { state: 'failed', attempt: 1, error: { name: 'TaskRejectedError' } };
    expect(await app.status(await app.order('milk', { customer: 'stranger' }))).toMatchObject(rejected);
    expect(await app.status(await app.order('milk', { quantity: 'much' }))).toMatchObject(rejected);
    expect((await app.request('/tasks/orders:unknown')).status).toBe(404);
    const stock = async () => (await app.request('/stock')).json() as Promise<{ counts: number; every: number }>;
    await eventually(async () => (await stock()).counts >= 2);
    expect(await stock()).toMatchObject({ every: 1_000 });

    const piano = await app.order('piano');
    expect(await app.status(piano, 'active')).toMatchObject({ state: 'active' });
    expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(app.stderr).not.toMatch(/Warning|not kept/);
    const key = `task_status:{orders}:${piano.slice('orders:'.length)}`;
    expect(await target.redis.hget(key, 'state')).toBe('completed');
  });

  it('opens a connection that broke with a command under way once, and keeps it', async () => {
    const proxy = await target.proxy();
    const app = await ConsumerApp.start(consumer, proxy.url);
    const lost = proxy.loseReplyTo(({ name }) => name === 'evalsha');
    await app.status(await app.order('milk'));
    await lost;
    await app.status(await app.order('milk'));
    const ids = async () => (await target.connections()).map((line) => /^id=\d+/.exec(line)?.[0]);
    const before = await ids();
    await delay(COMMAND_TIMEOUT_MS);
    expect(await ids()).toEqual(before);
    expect(app.stderr.match(/Redis cannot be used/g)).toHaveLength(1);
    expect(await app.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });
});

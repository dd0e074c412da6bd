import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SampleProcess } from '../samples/sample-process.js';
import { eventually } from '../support/eventually.js';
import { privateRedis } from '../support/private-redis.js';
import { Consumer, peerRanges } from './consumer.js';

/** As the consumers have it. */
const COMMAND_TIMEOUT_MS = 500;

interface Status {
  id: string;
  state: string;
  attempt: number;
  progress: unknown;
  result: unknown;
  error: { name: string } | null;
}

const target = privateRedis();
const consumers = await Consumer.all();

/** The application, and what a client of it can do. */
async function start(consumer: Consumer, redisUrl: string) {
  const app = SampleProcess.run(await consumer.main(), { env: { REDIS_URL: redisUrl } });
  const [, base = ''] = await app.printed(/^Listening on (\S+)$/m);
  const get = async <T>(path: string): Promise<T> => (await fetch(`${base}${path}`)).json() as Promise<T>;
  const find = async (id: string): Promise<Status> => get(`/tasks/${encodeURIComponent(id)}`);
  return {
    app,
    base,
    get,
    find,
    async order(item: string, { customer = 'ann', quantity = '2' } = {}): Promise<string> {
      const headers = { 'Content-Type': 'application/json' };
      const body = JSON.stringify({ customer, item, quantity });
      const response = await fetch(`${base}/orders`, { method: 'POST', headers, body });
      expect(response.status).toBe(202);
      return ((await response.json()) as { id: string }).id;
    },
    async ended(id: string): Promise<Status> {
      return eventually(async () => {
        const status = await find(id);
        return ['completed', 'failed'].includes(status.state) && status;
      });
    },
    async stop(): Promise<void> {
      app.signal('SIGTERM');
      expect(await app.closed).toEqual({ code: null, signal: 'SIGTERM' });
      expect(app.stderr).toBe('');
    },
  };
}

it('every version that the peer ranges begin with is that of a consumer', async () => {
  const claimed = Object.entries(await peerRanges()).flatMap(([peer, range]) =>
    range.split(' || ').map((each) => `${peer} ${each.replace('^', '')}`),
  );
  const proven = consumers.flatMap(({ versions }) => Object.entries(versions).map((entry) => entry.join(' ')));
  expect(claimed.filter((each) => !proven.includes(each))).toEqual([]);
});

describe.each(consumers)('$name', (consumer) => {
  it('installs the packed library beside its peers, and compiles with it, strictly', async () => {
    await expect(consumer.main()).resolves.toMatch(/main\.js$/);
  });

  it('adds and handles tasks, with all that stands around a handler, tells of them, and ends in order', async () => {
    const { base, get, find, order, ended, stop } = await start(consumer, target.url);
    expect(await ended(await order('milk'))).toMatchObject({
      state: 'completed',
      progress: 100,
      result: '[number 2 x milk]',
    });
    expect(await ended(await order('ice'))).toMatchObject({ attempt: 2, result: '[number 2 x ice]' });
    expect(await ended(await order('dodo'))).toMatchObject({ state: 'completed', result: 'refunded at attempt 1' });
    const rejected = { state: 'failed', attempt: 1, error: { name: 'TaskRejectedError' } };
    expect(await ended(await order('milk', { customer: 'stranger' }))).toMatchObject(rejected);
    expect(await ended(await order('milk', { quantity: 'much' }))).toMatchObject(rejected);
    expect((await fetch(`${base}/tasks/orders:unknown`)).status).toBe(404);
    expect(await eventually(async () => (await get<{ counts: number }>('/stock')).counts >= 2)).toBe(true);
    expect(await get('/stock')).toMatchObject({ every: 1_000 });

    const slow = await order('piano');
    await eventually(async () => (await find(slow)).state === 'active');
    await stop();
    expect(await target.redis.hget(`task_status:{orders}:${slow.slice('orders:'.length)}`, 'state')).toBe('completed');
  });

  it('opens a connection that broke with a command under way once, and keeps it', async () => {
    const proxy = await target.proxy();
    const { app, order, ended, stop } = await start(consumer, proxy.url);
    const lost = proxy.loseReplyTo(({ name }) => name === 'evalsha');
    await ended(await order('milk'));
    await lost;
    await ended(await order('milk'));
    const ids = async () => (await target.connections()).map((line) => /^id=\d+/.exec(line)?.[0]);
    const before = await ids();
    await delay(COMMAND_TIMEOUT_MS);
    expect(await ids()).toEqual(before);
    expect(app.stdout).not.toMatch(/Socket timeout/);
    await stop();
  });
});

import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { privateRedis } from '../support/private-redis.js';
import { Consumer, peerRanges } from './consumer.js';
import { ConsumerApp } from './consumer-app.js';
import { runCommand } from './run-command.js';

/** As the applications have it. */
const COMMAND_TIMEOUT_MS = 500;

const consumers = await Consumer.all();
const named = consumers.map((consumer) => [consumer.name, consumer] as const);

it('every version that the peer ranges begin with is that of a consumer', async () => {
  const claimed = Object.entries(await peerRanges()).flatMap(([peer, range]) =>
    range.split(' || ').map((each) => `${peer} ${each.replace('^', '')}`),
  );
  const proven = consumers.flatMap(({ versions }) => Object.entries(versions).map((entry) => entry.join(' ')));
  expect(claimed.length).toBeGreaterThan(0);
  expect(claimed.filter((each) => !proven.includes(each))).toEqual([]);
});

/** All at once, and before any of them runs: those that run shall not wait for the processor. */
it.concurrent.each(named)(
  '%s installs the packed library beside its peers, and compiles with it, strictly',
  async (_name, consumer) => {
    await expect(consumer.main()).resolves.toMatch(/main\.js$/);
  },
);

describe.each(named)('%s', (_name, consumer) => {
  const target = privateRedis();

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

  it('validates what is added with a class, and hands its handler an instance', async () => {
    const app = await ConsumerApp.start(consumer, target.url);
    const delivered = await app.post('/deliveries', { town: 'Ulm', parcels: 3 });
    expect(delivered).toEqual({ code: 200, body: { delivered: '3 to Ulm' } });
    const { code, body } = await app.post('/deliveries', { town: 'Ulm', parcels: 'many' });
    expect(code).toBe(400);
    expect(JSON.stringify(body)).toContain('"path":"parcels"');
  });

  it('makes what is request-scoped for each task, and what is durable for each tenant', async () => {
    const app = await ConsumerApp.start(consumer, target.url);
    const bill = async (tenant: string) => (await app.post(`/tenants/${tenant}/order.bill`)).body;
    const made = { runs: 1, isItsContext: true };
    expect(await bill('acme')).toMatchObject({ result: { ...made, tenant: 'acme', number: 1 } });
    expect(await bill('zeta')).toMatchObject({ result: { ...made, tenant: 'zeta', number: 2 } });
    expect(await bill('acme')).toMatchObject({ result: { ...made, tenant: 'acme', number: 1 } });
  });

  it('takes the last value of an Observable as the result, and those before as the progress', async () => {
    const app = await ConsumerApp.start(consumer, target.url);
    const { body } = await app.post('/tenants/acme/delivery.track');
    const { id } = body as { id: string };
    expect(await app.status(id)).toMatchObject({ state: 'completed', progress: '1 km', result: '2 km' });
    expect(body).toMatchObject({ result: '2 km' });
  });

  it('says of its health what is so, whether Redis is there or not', async () => {
    const proxy = await target.proxy();
    const app = await ConsumerApp.start(consumer, proxy.url);
    const health = async () => {
      const response = await app.request('/health');
      return { code: response.status, body: await response.json() };
    };
    const up = { status: 'up', redis: 'up', queues: { orders: { status: 'up' } } };
    expect(await health()).toMatchObject({ code: 200, body: { status: 'ok', info: { tasks: up } } });
    await proxy.close();
    const down = { status: 'down', redis: 'down' };
    expect(await health()).toMatchObject({ code: 503, body: { status: 'error', error: { tasks: down } } });
  });

  it('can be steered from the command line', async () => {
    const program = join(dirname(dirname(await consumer.main())), 'node_modules/.bin/nestjs-redis-task-queue');
    const call = (...argv: string[]) => runCommand(program, [...argv, '--redis', target.url], '.');
    const added = (await call('add', 'order.pack', '{"item":"milk"}', '--queue', 'later')).trim();
    const { tasks } = JSON.parse(await call('list', 'later', '--json')) as { tasks: { id: string }[] };
    expect(tasks).toMatchObject([{ id: added, data: { item: 'milk' } }]);
    await expect(call('show', 'later:nobody')).rejects.toThrow('There is no task');
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

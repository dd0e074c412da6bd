import { afterEach, expect, it } from 'vitest';
import type { RedisTaskQueueOptions } from '../../lib/index.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { holders, workerIds } from '../support/queue-view.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { type WorkerProcess, workerProcesses } from '../support/worker-processes.js';

const LEASE_MS = 800;

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-blocked-loop', target);

it.each<[string, RedisTaskQueueOptions]>([
  ['its lease', {}],
  ['its lease, and than any call to Redis may take', { commandTimeout: 200 }],
  ['a lease that leaves time to load what is needed', { lease: 3_000 }],
])('a handler blocks the loop for longer than %s: nothing is lost, nothing runs twice', async (_what, options) => {
  const spinMs = options.lease === undefined ? 3 * LEASE_MS : 4_500;
  const { blocked, other, ids, client } = await workersThatHold(2, options, spinMs);
  await eventually(async () => (await target.connections()).length === 5, { what: 'Two for each, one for us:' });

  await workers.journal.open('gate-0');
  await eventually(async () => (await leaseConnections()) === 1, { what: 'A connection of the thread' });
  const [first] = await allCompleted(client.status, ids.slice(0, 1));
  expect(first).toMatchObject({ attempt: 1, result: 'blocked' });
  // What else ran here was not aborted, and its outcome counts, too.
  await workers.journal.open('gate-1');
  expect(await allCompleted(client.status, ids)).toMatchObject(ids.map(() => ({ attempt: 1, result: 'blocked' })));

  expect(await workers.journal.read('began')).toHaveLength(ids.length);
  expect(await workers.journal.read('aborted')).toEqual([]);
  expect((await workerIds(target.redis)).sort()).toEqual([blocked.id, other.id].sort());
  const warnings = (await blocked.log()).filter((text) => text.endsWith('while these handlers ran: "hold" (2)'));
  const blockedFor = warnings.map((text) => Number(/was blocked for ([\d.]+) s /.exec(text)?.[1]) * 1_000);
  expect(Math.max(...blockedFor)).toBeGreaterThan(spinMs - 400);
  await eventually(async () => (await leaseConnections()) === 0, { what: 'No connection of the thread:' });
  await eventually(async () => (await target.connections()).length === 5, { what: 'As many connections as before:' });

  blocked.process.kill('SIGUSR2');
  expect(await blocked.exit).toEqual({ code: 0, signal: null });
});

it.each([
  ['longer than maxBlocked', '1s', true],
  ['longer than the lease, and maxBlocked is 0', 0, false],
] as const)('a handler blocks the loop for %s: others take over', async (_what, maxBlocked, hasThread) => {
  const { blocked, ids, client } = await workersThatHold(1, { maxBlocked }, 4_000);
  expect((await blocked.log()).some((text) => isReady(text))).toBe(hasThread);

  await workers.journal.open('gate-0');
  const statuses = await allCompleted(client.status, ids);
  expect(statuses).toMatchObject([{ attempt: 2, result: 'other' }]);
  expect(await workers.journal.read('ended', 'blocked'), 'it is blocked still').toEqual([]);

  // The late outcome changes nothing, and the worker goes on under a new name.
  await eventually(async () => (await workers.journal.read('ended', 'blocked')).length === 1);
  await eventually(async () => (await workerIds(target.redis)).includes(`${blocked.id}-2`));
  await eventually(async () => (await blocked.log()).some((text) => text.includes('silent for longer than its lease')));
  expect(await client.status.getMany(ids)).toEqual(statuses);
  expect(await holders(target.redis)).toEqual([]);
  await eventually(async () => (await leaseConnections()) === 0, { what: 'No connection of the thread:' });
});

it('handlers block the loop one after another, for longer than maxBlocked in all: it turns in between', async () => {
  const client = await startApp({ redis: target.url });
  // Would take over if the lease ran out, but has no slot to share the work.
  await workers.start('busy', { lease: LEASE_MS, defaults: { concurrency: 1 } });
  await client.producer.add('hold', { gate: 'never' });
  await eventually(async () => (await workers.journal.read('began', 'busy')).length === 1);
  const blocked = await workers.start('blocked', { lease: LEASE_MS, maxBlocked: '1s', defaults: { concurrency: 10 } });
  await eventually(async () => (await blocked.log()).some(isReady));
  const rows = Array.from({ length: 8 }, () => ({ name: 'spin', data: { ms: 0.75 * LEASE_MS } }));
  const ids = (await client.producer.addBulk(rows)).map(({ id }) => id);
  const statuses = await allCompleted(client.status, ids);
  expect(statuses).toMatchObject(ids.map(() => ({ attempt: 1, result: 'blocked' })));
  expect(await workerIds(target.redis)).toContain(blocked.id);
  // Named although they had ended when the loop turned again.
  await eventually(async () =>
    (await blocked.log()).some((text) => /while these handlers ran: "spin" \(\d\)/.test(text)),
  );
});

const isReady = (text: string): boolean => text.startsWith('Leases are kept');

async function leaseConnections(): Promise<number> {
  return (await target.connections()).filter((line) => line.includes(' name=task_queue:leases ')).length;
}

interface Held {
  client: TestApp;
  blocked: WorkerProcess;
  other: WorkerProcess;
  ids: string[];
}

/**
 * Two workers, of which the first one holds so many tasks. Task `n` ends when gate `gate-<n>` opens, the first one not
 * before it has blocked the loop of that worker.
 */
async function workersThatHold(count: number, options: RedisTaskQueueOptions, spinMs = 3 * LEASE_MS): Promise<Held> {
  const client = await startApp({ redis: target.url });
  const blocked = await workers.start('blocked', { lease: LEASE_MS, ...options });
  const rows = Array.from({ length: count }, (_, n) => ({
    name: 'hold',
    data: { gate: `gate-${n}`, thenSpinMs: n === 0 ? { blocked: spinMs } : {} },
  }));
  const ids = (await client.producer.addBulk(rows)).map(({ id }) => id);
  await eventually(async () => (await workers.journal.read('began', 'blocked')).length === count);
  const other = await workers.start('other', { lease: LEASE_MS, ...options });
  if (options.maxBlocked !== 0) await eventually(async () => (await blocked.log()).some(isReady));
  await eventually(async () => (await target.sleepers()).length === 2);
  return { client, blocked, other, ids };
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { heldBy, holders, waiting, workerIds } from '../support/queue-view.js';
import { startApp, stopApp, type TestApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';
import type { HoldData } from '../support/worker-app.js';
import { type WorkerProcess, workerProcesses } from '../support/worker-processes.js';

const CONCURRENCY = 5;
/** As NestJS ends a process that a signal has stopped, and as one ends that has nothing more to do. */
const BY_SIGNAL = { code: null, signal: 'SIGTERM' };
const BY_ITSELF = { code: 0, signal: null };

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-graceful-shutdown', target);

it('SIGTERM: what runs may end and add tasks, nothing more is claimed, the process ends', async () => {
  const { worker, client, ids } = await loadedWorker({ gate: 'open', thenAdd: 'follow-up' });

  worker.process.kill('SIGTERM');
  expect(await worker.nextLine()).toBe('stopping');
  ids.push((await client.producer.add('hold', { gate: 'open' })).id);
  await workers.journal.open('open');
  expect(await worker.exit).toEqual(BY_SIGNAL);

  const [run, rest] = [ids.slice(0, CONCURRENCY), ids.slice(CONCURRENCY)];
  expect((await client.status.getMany(run)).map((status) => status?.state)).toEqual(run.map(() => 'completed'));
  expect((await workers.journal.read('began')).map(({ id }) => id).sort()).toEqual(run);
  expect(await workers.journal.read('aborted')).toEqual([]);
  const left = await waiting(target.redis);
  expect(left.slice(0, rest.length)).toEqual(untouched(rest));
  expect(left).toHaveLength(rest.length + CONCURRENCY); // one that each run has added
  await expectNobodyLeft();
});

it('a handler that does not end in time is told, and its task goes back to the head of the queue', async () => {
  const { worker, client, ids } = await loadedWorker({ gate: 'open', deaf: true }, { shutdownTimeout: 200 });

  worker.process.kill('SIGTERM');
  expect(await worker.exit).toEqual(BY_SIGNAL);

  const told = (await workers.journal.read('aborted')).map(({ id }) => id);
  expect(told.sort()).toEqual(ids.slice(0, CONCURRENCY));
  expect(await waiting(target.redis)).toEqual(untouched(ids));
  const statuses = await client.status.getMany(ids);
  expect(statuses).toMatchObject(ids.map(() => ({ state: 'waiting', attempt: 0, startedAt: null })));
  await expectNobodyLeft();

  await workers.journal.open('open');
  await workers.start('successor', { defaults: { concurrency: CONCURRENCY } });
  const again = await allCompleted(client.status, ids);
  expect(again).toMatchObject(ids.map(() => ({ attempt: 1, result: 'successor' })));
});

it('a second SIGTERM: the worker waits no longer, aborts what runs and gives it back', async () => {
  const { worker, client, ids } = await loadedWorker({ gate: 'never', deaf: true }, { shutdownTimeout: 3_600_000 });

  worker.process.kill('SIGTERM');
  expect(await worker.nextLine()).toBe('stopping');
  await eventually(async () => (await waiting(target.redis)).length === ids.length - CONCURRENCY);
  expect(await workers.journal.read('aborted')).toEqual([]);
  worker.process.kill('SIGTERM');
  expect(await worker.exit).toEqual(BY_SIGNAL);

  expect((await workers.journal.read('aborted')).length).toBe(CONCURRENCY);
  expect(await waiting(target.redis)).toEqual(untouched(ids));
  expect((await client.status.getMany(ids)).map((status) => status?.state)).toEqual(ids.map(() => 'waiting'));
  await expectNobodyLeft();
});

it('handlers that end at the signal give their tasks back in the order in which they were claimed', async () => {
  const client = await startApp({ redis: target.url });
  let running = 0;
  const work = workHandler((_data, { signal }) => {
    running++;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  });
  const worker = await startApp({ redis: target.url, shutdownTimeout: 50, defaults: { concurrency: CONCURRENCY } }, [
    work,
  ]);
  const rows = Array.from({ length: 2 * CONCURRENCY }, () => ({ name: 'work' }));
  const ids = (await client.producer.addBulk(rows)).map(({ id }) => id);
  await eventually(() => running === CONCURRENCY);

  await stopApp(worker);
  expect(await waiting(target.redis)).toEqual(untouched(ids));
  expect(running).toBe(CONCURRENCY);
  await expectNobodyLeft();
});

it('a worker that is stopped in full swing gives back what it has fetched ahead, in order and as if never claimed', async () => {
  const client = await startApp({ redis: target.url });
  const rows = Array.from({ length: 5_000 }, () => ({ name: 'work' }));
  const ids = (await client.producer.addBulk(rows)).map(({ id }) => id);
  const began: string[] = [];
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await nextTurn();
  });
  const worker = await startApp({ redis: target.url, defaults: { concurrency: 1 } }, [work]);
  await eventually(async () => {
    const [name = ''] = await workerIds(target.redis);
    return began.length > 0 && (await heldBy(target.redis, name)).length > 10;
  });

  await stopApp(worker);
  expect(began).toEqual(ids.slice(0, began.length));
  const rest = ids.slice(began.length);
  expect(rest).not.toEqual([]);
  expect(await waiting(target.redis)).toEqual(untouched(rest));
  const statuses = await client.status.getMany(rest);
  expect(statuses.filter((status) => status?.state !== 'waiting' || status.attempt !== 0)).toEqual([]);
  await expectNobodyLeft();
});

it.each(['busy', 'idle'])(
  'a closed application of a worker that was %s leaves nothing that keeps the process',
  async (what) => {
    const { worker } = await loadedWorker({ gate: 'open' });
    if (what === 'idle') {
      await workers.journal.open('open');
      await eventually(() => target.sleepers());
    }
    worker.process.kill('SIGUSR2');
    expect(await worker.nextLine()).toBe('stopping');
    await workers.journal.open('open');
    expect(await worker.exit).toEqual(BY_ITSELF);
    await expectNobodyLeft();
  },
);

it('SIGTERM while Redis is away: the process ends all the same', async () => {
  const { worker } = await loadedWorker({ gate: 'open' }, { shutdownTimeout: 200, commandTimeout: 500 });
  await target.server.kill();
  const begun = performance.now();
  worker.process.kill('SIGTERM');
  expect(await worker.exit).toEqual(BY_SIGNAL);
  expect(performance.now() - begun).toBeLessThan(5_000);
});

/** A worker with all its slots in use and more waiting than it can take. */
async function loadedWorker(
  data: HoldData,
  options: { shutdownTimeout?: number; commandTimeout?: number } = {},
): Promise<{ worker: WorkerProcess; client: TestApp; ids: string[] }> {
  const worker = await workers.start('worker', { ...options, defaults: { concurrency: CONCURRENCY } });
  const client = await startApp({ redis: target.url });
  const rows = Array.from({ length: 3 * CONCURRENCY }, () => ({ name: 'hold', data }));
  const ids = (await client.producer.addBulk(rows)).map(({ id }) => id);
  await eventually(async () => (await workers.journal.read('began')).length === CONCURRENCY);
  return { worker, client, ids };
}

function untouched(ids: readonly string[]): { id: string; attempt: number }[] {
  return ids.map((id) => ({ id: id.slice('default:'.length), attempt: 0 }));
}

async function expectNobodyLeft(): Promise<void> {
  expect(await workerIds(target.redis)).toEqual([]);
  expect(await holders(target.redis)).toEqual([]);
}

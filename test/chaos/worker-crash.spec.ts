import { afterEach, expect, it } from 'vitest';
import type { TaskStatus, TaskStatusService } from '../../lib/index.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { heldBy, holders, workerIds } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { type WorkerProcess, workerProcesses } from '../support/worker-processes.js';

const LEASE_MS = 1_500;
const TIMEOUT_MS = LEASE_MS + 5_000;
const OPTIONS = { lease: LEASE_MS, defaults: { concurrency: 10 } };

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-worker-crash', target);

it('kill -9 of one of two workers: the other runs again what was in flight, and nothing is lost', async () => {
  const victim = await workers.start('victim', OPTIONS);
  const survivor = await workers.start('survivor', OPTIONS);
  const { status, ids } = await addTasks(1_000);
  await eventually(async () => (await workers.journal.length()) > 400);

  const inFlight = await kill(victim);
  expectOneRunEach(await allCompleted(status, ids, { timeoutMs: TIMEOUT_MS }), inFlight);

  await expectRunsOnce(ids, inFlight);
  expect(await workerIds(target.redis)).toEqual([survivor.id]);
  expect(await holders(target.redis)).toEqual([]);
});

it('kill -9 of the only worker: one that is started later takes over', async () => {
  const victim = await workers.start('victim', OPTIONS);
  const { status, ids } = await addTasks(300);
  await eventually(async () => (await workers.journal.length()) > 100);

  const inFlight = await kill(victim);
  const successor = await workers.start('successor', OPTIONS);
  expectOneRunEach(await allCompleted(status, ids, { timeoutMs: TIMEOUT_MS }), inFlight);

  await expectRunsOnce(ids, inFlight);
  expect(await workerIds(target.redis)).toEqual([successor.id]);
  expect(await holders(target.redis)).toEqual([]);
});

it('kill -9 with at-most-once delivery: what was in flight is a dead letter, and nothing runs twice', async () => {
  const options = { ...OPTIONS, defaults: { concurrency: 10, delivery: 'at-most-once' as const } };
  const victim = await workers.start('victim', options);
  const { status, ids } = await addTasks(300);
  await eventually(async () => (await workers.journal.length()) > 100);

  const inFlight = await kill(victim);
  expect(inFlight.length).toBeLessThanOrEqual(10);
  await workers.start('successor', options);
  const ended = await eventually(async () => {
    const statuses = await status.getMany(ids);
    return statuses.every((each) => each?.state === 'completed' || each?.state === 'failed') && statuses;
  });
  const failed = ended.filter((each) => each?.state === 'failed');
  expect(new Set(failed.map((each) => each?.id))).toEqual(new Set(inFlight));
  for (const letter of failed) expect(letter?.error?.name).toBe('lost');
  const began = (await workers.journal.read('began')).map(({ id }) => id);
  expect(new Set(began).size).toBe(began.length);
});

async function addTasks(count: number): Promise<{ status: TaskStatusService; ids: string[] }> {
  const { producer, status } = await startApp({ redis: target.url });
  const rows = Array.from({ length: count }, () => ({ name: 'work', data: { ms: 5 } }));
  return { status, ids: (await producer.addBulk(rows)).map(({ id }) => id) };
}

/** @returns the public ids of what it held when it died */
async function kill(victim: WorkerProcess): Promise<string[]> {
  victim.process.kill('SIGKILL');
  await victim.exit;
  await target.redis.ping(); // by then Redis has read whatever the victim sent last
  const inFlight = (await heldBy(target.redis, victim.id)).map((id) => `default:${id}`);
  expect(inFlight).not.toEqual([]);
  return inFlight;
}

/** What was in flight and had begun counts its lost attempt; all else was completed at the first. */
function expectOneRunEach(statuses: readonly TaskStatus[], inFlight: readonly string[]): void {
  const again = statuses.filter(({ attempt }) => attempt !== 1);
  expect(inFlight).toEqual(expect.arrayContaining(again.map(({ id }) => id)));
  expect(again.filter(({ attempt }) => attempt !== 2)).toEqual([]);
}

async function expectRunsOnce(ids: readonly string[], inFlight: readonly string[]): Promise<void> {
  const began = (await workers.journal.read('began')).map(({ id }) => id);
  const twice = began.filter((id, index) => began.indexOf(id) < index);
  expect(new Set(began)).toEqual(new Set(ids));
  expect(inFlight).toEqual(expect.arrayContaining(twice));
  expect(new Set(twice).size, 'nothing ran three times').toBe(twice.length);
}

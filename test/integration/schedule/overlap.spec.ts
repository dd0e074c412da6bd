import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import {
  type Overlap,
  type StatusPolicy,
  type TaskContext,
  TaskQueueAdmin,
  TaskScheduler,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { findDamages } from '../../support/find-damages.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('overlap');
const EVERY_MS = 100;

interface Run {
  tick: number;
  latch: Latch;
  began: number;
  ended: number;
}

/** Every run ends once its latch is open. */
async function start(
  overlap: Overlap,
  status: StatusPolicy = 'full',
): Promise<TestApp & { runs: Run[]; scheduler: TaskScheduler }> {
  const runs: Run[] = [];
  const handler = workHandler(async (_: unknown, { id, signal }: TaskContext) => {
    const run = { tick: Date.parse(id.slice(-24)), latch: new Latch(), began: performance.now(), ended: Infinity };
    runs.push(run);
    await Promise.race([run.latch.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    run.ended = performance.now();
  });
  const options = { redis: fixture.url, prefix: fixture.prefix, shutdownTimeout: 0, defaults: { status } };
  const app = await startApp(options, [handler]);
  const scheduler = app.app.get(TaskScheduler);
  await scheduler.upsert('s', { every: EVERY_MS, task: 'work', overlap });
  return { ...app, runs, scheduler };
}

it('allow: they run side by side', async () => {
  const { runs } = await start('allow');
  await eventually(() => runs.length >= 4);
  expect(runs.map(({ tick }) => tick - (runs[0]?.tick ?? 0)).slice(0, 4)).toEqual([0, 100, 200, 300]);
});

it.each<StatusPolicy>(['full', 'final', 'off'])(
  'skip, with status %j: ticks are left out while one runs',
  async (status) => {
    const { runs, scheduler } = await start('skip', status);
    await eventually(() => runs.length === 1);
    await sleep(3 * EVERY_MS);
    expect(runs).toHaveLength(1);
    const info = await scheduler.get('s');
    expect(info?.lastSkipped).toEqual(info?.lastTick);
    runs[0]?.latch.open();
    await eventually(() => runs.length === 2);
    expect(runs[1]?.tick).toBeGreaterThan(info?.lastTick?.getTime() ?? Infinity);
    expect(runs[1]?.began).toBeGreaterThan(runs[0]?.ended ?? Infinity);
  },
);

it.each<StatusPolicy>(['full', 'off'])(
  'queue, with status %j: one tick waits, and comes at once when it may',
  async (status) => {
    const { runs, scheduler } = await start('queue', status);
    await eventually(() => runs.length === 1);
    await eventually(async () => (await scheduler.get('s'))?.lastSkipped !== null);
    expect(runs).toHaveLength(1);
    const queued = (await scheduler.get('s'))?.queuedTick?.getTime();
    expect(queued).toBe((runs[0]?.tick ?? 0) + EVERY_MS);
    await scheduler.pause('s'); // so that only its end can bring it
    runs[0]?.latch.open();
    await eventually(() => runs.length === 2);
    expect(runs[1]?.tick).toBe(queued);
    expect((runs[1]?.began ?? Infinity) - (runs[0]?.ended ?? 0)).toBeLessThan(1_000);
    expect(await scheduler.get('s')).toMatchObject({ queuedTick: null, paused: true });
    expect(await findDamages(fixture, 'default')).toEqual([]);
  },
);

it('queue: what waits comes when somebody cancels the one before', async () => {
  const { app, runs, scheduler } = await start('queue');
  await eventually(async () => (await scheduler.get('s'))?.queuedTick !== null);
  await scheduler.pause('s');
  const id = `default:schedule:s:${new Date(runs[0]?.tick ?? 0).toISOString()}`;
  expect(await app.get(TaskQueueAdmin).cancel(id)).toEqual({ cancelled: true, state: 'active' });
  await eventually(() => runs.length === 2);
});

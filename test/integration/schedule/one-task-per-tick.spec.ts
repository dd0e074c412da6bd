import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { TaskBroker } from '../../../lib/broker/task-broker.js';
import { type TaskContext, TaskHandler, TaskSchedule, TaskScheduler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { findDamages } from '../../support/find-damages.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const EVERY_MS = 100;
const fixture = redisFixture('one-task-per-tick');

/** The ticks of the tasks that ran, in ms, and how late they began. */
let ran: number[] = [];
let late: number[] = [];
beforeEach(() => {
  ran = [];
  late = [];
});

@Injectable()
class Tasks {
  @TaskHandler('tick')
  @TaskSchedule({ every: EVERY_MS }, { data: { from: 'code' } })
  tick(_: unknown, { id }: TaskContext): void {
    const tick = Date.parse(id.slice(-24));
    ran.push(tick);
    late.push(Date.now() - tick);
  }
}

const start = async (options: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);
const ranFor = async (ms: number): Promise<unknown> => {
  const [from, count] = [performance.now(), ran.length];
  return eventually(() => performance.now() - from > ms && ran.length > count);
};

/** From the first to the last one, each once. */
function expectEveryTickOnce(): void {
  const sorted = ran.toSorted((one, other) => one - other);
  const [first = 0] = sorted;
  const last = sorted.at(-1) ?? 0;
  const all = Array.from({ length: (last - first) / EVERY_MS + 1 }, (_, i) => first + i * EVERY_MS);
  expect(sorted).toEqual(all);
}

describe('one task per tick', () => {
  it('with three processes that start and stop as they like', async () => {
    const apps = [await start(), await start(), await start()];
    await ranFor(500);
    for (const app of apps) {
      await stopApp(app);
      await ranFor(200);
      await start();
      await ranFor(200);
    }
    expectEveryTickOnce();
    expect(ran.length).toBeGreaterThan(15);
    expect(await findDamages(fixture, 'default')).toEqual([]);
  });

  it('with one process that starts again and again, whatever is between', async () => {
    for (let starts = 0; starts < 4; starts++) {
      const app = await start();
      await ranFor(200);
      await stopApp(app);
      await sleep(250);
    }
    expectEveryTickOnce();
    expect(ran.length).toBeGreaterThan(12);
  });

  it('even if nothing is kept of tasks that have ended', async () => {
    const options = { defaults: { status: 'off' as const } };
    await start(options);
    await start(options);
    await ranFor(1_000);
    expectEveryTickOnce();
    const statuses = (await fixture.keys()).filter((key) => key.startsWith('task_status:'));
    expect(statuses.length).toBeLessThanOrEqual(1);
  });

  it('begins within a few milliseconds of its time', async () => {
    await start();
    await ranFor(1_500);
    // The first ones wait for the application to start.
    const usual = late.slice(3).sort((one, other) => one - other);
    expect(usual[0]).toBeGreaterThanOrEqual(0);
    expect(usual[Math.floor(usual.length / 2)]).toBeLessThan(50);
  });
});

describe('a process', () => {
  it('that only adds makes no ticks, and needs none to be there', async () => {
    const app = await start({ consume: false });
    const scheduler = app.app.get(TaskScheduler);
    await eventually(async () => (await scheduler.get('tick')) !== null);
    await sleep(400);
    expect(await scheduler.get('tick')).toMatchObject({ lastTick: null, declared: true });
    await start();
    await eventually(() => ran.length > 2);
    expectEveryTickOnce();
  });

  it.each<[what: string, timing: string | undefined]>([
    ['without a schedule', undefined],
    ['with one whose tick is far away', '{"cron":"0 0 1 1 *","timezone":"UTC"}'],
    ['with one that it cannot read', '{"moonPhase":"full"}'],
  ])('asks Redis nothing while nothing is due, %s', async (_, timing) => {
    const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [workHandler(() => undefined)]);
    const due = vi.spyOn(app.get(TaskBroker).schedules, 'due');
    if (timing !== undefined) {
      await app.get(TaskScheduler).upsert('s', { cron: '0 0 1 1 *', task: 'work' });
      await eventually(() => due.mock.calls.length === 1);
      await fixture.redis.hset(`${fixture.prefix}task_schedule:{default}:s`, 'timing', timing);
      if (timing.includes('moon')) await fixture.redis.zadd(`${fixture.prefix}task_schedules:{default}`, 5, 's');
      await app.get(TaskScheduler).upsert('other', { cron: '0 0 1 1 *', task: 'work' });
      await eventually(() => due.mock.calls.length === 2);
    }
    due.mockClear();
    await sleep(500);
    expect(due).not.toHaveBeenCalled();
  });

  it('goes on after Redis has lost everything', async () => {
    const app = await start();
    await eventually(() => ran.length > 2);
    const keys = await fixture.keys();
    await fixture.redis.del(keys.map((key) => `${fixture.prefix}${key}`));
    ran = [];
    // Its lease is gone, so it enters anew, and learns of it then.
    await eventually(() => ran.length > 2, { timeoutMs: 20_000 });
    expect(await app.app.get(TaskScheduler).list()).toHaveLength(1);
    expectEveryTickOnce();
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type ScheduleDefinition, type TaskContext, TaskScheduler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('task-scheduler');

interface Started extends TestApp {
  scheduler: TaskScheduler;
  /** Ids of what ran, and with what data. */
  ran: { id: string; data: unknown }[];
}

async function start(options: object = {}, queues: (string | undefined)[] = [undefined]): Promise<Started> {
  const ran: Started['ran'] = [];
  const handlers = queues.map((queue) =>
    workHandler((data: unknown, { id }: TaskContext) => void ran.push({ id, data }), { queue }),
  );
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, handlers);
  return { ...app, scheduler: app.app.get(TaskScheduler), ran };
}

const yearly = { cron: '0 0 1 1 *', task: 'work' };

describe('upsert', () => {
  it('from a process that only adds wakes a worker that sleeps', async () => {
    const { ran } = await start();
    const { scheduler } = await start({ consume: false });
    await sleep(200); // the worker sleeps, and knows of no schedule
    const info = await scheduler.upsert('s', { every: '300ms', task: 'work', data: { a: 1 } });
    expect(info).toMatchObject({
      name: 's',
      queue: 'default',
      every: 300,
      catchUp: 'last',
      overlap: 'allow',
      owner: null,
    });
    const next = info.nextTick?.getTime() ?? 0;
    await eventually(() => ran.length >= 2, { timeoutMs: 3_000 });
    expect(ran.slice(0, 2)).toEqual(
      [next, next + 300].map((tick) => ({ id: `default:schedule:s:${new Date(tick).toISOString()}`, data: { a: 1 } })),
    );
  });

  it('replaces the next tick where it gets another timing, earlier or later', async () => {
    const { ran, scheduler } = await start();
    await scheduler.upsert('s', yearly);
    await sleep(200); // the worker waits for New Year
    await scheduler.upsert('s', { every: 200, task: 'work', data: 'soon' });
    await eventually(() => ran.length > 0, { timeoutMs: 2_000 });
    const { nextTick } = await scheduler.upsert('s', yearly);
    expect(nextTick?.toISOString()).toMatch(/-01-01T00:00:00\.000Z$/);
    const count = ran.length;
    await sleep(500);
    expect(ran.length - count).toBeLessThanOrEqual(1); // one may have been under way
    expect(await scheduler.list()).toMatchObject([{ name: 's', nextTick, data: null }]);
  });

  it('never goes back to a tick that has been, whatever the clock says', async () => {
    const { scheduler } = await start({ consume: false });
    await scheduler.upsert('s', yearly);
    const last = Date.now() + 10 * 3_600_000;
    await fixture.redis.hset(`${fixture.prefix}task_schedule:{default}:s`, 'last', last);
    const { nextTick, lastTick } = await scheduler.upsert('s', { every: '1h', task: 'work' });
    expect(lastTick?.getTime()).toBe(last);
    expect(nextTick?.getTime()).toBeGreaterThan(last);
  });

  it('goes to the queue of its handler, or the one that is named', async () => {
    const { scheduler } = await start({}, ['reports']);
    expect(await scheduler.upsert('a', yearly)).toMatchObject({ queue: 'reports' });
    expect(await scheduler.upsert('a', { ...yearly, queue: 'elsewhere' })).toMatchObject({ queue: 'elsewhere' });
    expect(await scheduler.get('a')).toMatchObject({ queue: 'reports' });
    expect(await scheduler.get('a', { queue: 'elsewhere' })).toMatchObject({ queue: 'elsewhere' });
    expect(await scheduler.get('a', { queue: 'nowhere' })).toBeNull();
  });

  it.each<[code: string, name: unknown, definition: object]>([
    ['INVALID_SCHEDULE', 's', { task: 'work' }],
    ['INVALID_SCHEDULE', 's', { ...yearly, every: '1h' }],
    ['INVALID_SCHEDULE', 's', { ...yearly, timezone: 'Europe/Nowhere' }],
    ['INVALID_SCHEDULE', 's', { ...yearly, delay: '1h' }],
    ['INVALID_SCHEDULE', '', yearly],
    ['INVALID_SCHEDULE', 's', []],
    ['INVALID_NAME', 's', { cron: '0 0 * * *' }],
    ['INVALID_QUEUE', 's', { ...yearly, queue: 'no queue' }],
    ['INVALID_OPTIONS', 's', { ...yearly, attempts: 0 }],
    ['INVALID_DATA', 's', { ...yearly, data: () => 1 }],
    ['DATA_TOO_LARGE', 's', { ...yearly, data: 'x'.repeat(2_000) }],
  ])('refuses with %s, before anything is written: %s', async (code, name, definition) => {
    const { scheduler } = await start({ maxDataBytes: 1_000, consume: false });
    await expect(scheduler.upsert(name as string, definition as ScheduleDefinition)).rejects.toMatchObject({ code });
    expect(await fixture.keys()).toEqual([]);
  });
});

describe('pause and resume', () => {
  it('stop the ticks, and let them go on from now', async () => {
    const { ran, scheduler } = await start();
    await scheduler.upsert('s', { every: 100, task: 'work', catchUp: 100 });
    await eventually(() => ran.length > 0);
    expect(await scheduler.pause('s')).toBe(true);
    expect(await scheduler.get('s')).toMatchObject({ paused: true, nextTick: null });
    await sleep(100); // one may be under way
    const count = ran.length;
    await sleep(400);
    expect(ran).toHaveLength(count);
    const before = Date.now();
    expect(await scheduler.resume('s')).toBe(true);
    await eventually(() => ran.length > count + 1);
    const ticks = ran.slice(count).map(({ id }) => Date.parse(id.slice(-24)));
    expect(ticks[0]).toBeGreaterThanOrEqual(before - 50);
    expect(ticks[1]).toBe((ticks[0] ?? 0) + 100);
  });
});

describe('runNow', () => {
  it('adds a task at once, with an id of its own, paused or not', async () => {
    const { ran, scheduler, status } = await start();
    await scheduler.upsert('s', { ...yearly, data: [1] });
    await scheduler.pause('s');
    const [one, two] = [await scheduler.runNow('s'), await scheduler.runNow('s')];
    expect(one?.id).toMatch(/^default:[0-9A-Z]{26}$/);
    await eventually(() => ran.length === 2);
    expect(ran).toEqual([one, two].map((each) => ({ id: each?.id, data: [1] })));
    await eventually(async () => (await status.get(one?.id ?? ''))?.state === 'completed');
    expect(await scheduler.get('s')).toMatchObject({ lastTick: null, paused: true });
  });

  it('fails where the queue is full', async () => {
    const { scheduler } = await start({ consume: false, defaults: { maxLength: 1 } });
    await scheduler.upsert('s', yearly);
    await scheduler.runNow('s');
    await expect(scheduler.runNow('s')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });
});

describe('remove', () => {
  it('ends the ticks, and leaves nothing behind', async () => {
    const { ran, scheduler } = await start();
    await scheduler.upsert('s', { every: 100, task: 'work' });
    await eventually(() => ran.length > 0);
    expect(await scheduler.remove('s')).toBe(true);
    await sleep(100);
    const count = ran.length;
    await sleep(300);
    expect(ran).toHaveLength(count);
    expect(await scheduler.list()).toEqual([]);
    expect((await fixture.keys()).filter((key) => key.startsWith('task_schedule'))).toEqual([]);
  });
});

describe('a schedule', () => {
  it('that is not there is no error', async () => {
    const { scheduler } = await start({ consume: false });
    expect(await scheduler.remove('none')).toBe(false);
    expect(await scheduler.pause('none')).toBe(false);
    expect(await scheduler.resume('none')).toBe(false);
    expect(await scheduler.get('none')).toBeNull();
    expect(await scheduler.runNow('none')).toBeNull();
    expect(await scheduler.list('none')).toEqual([]);
    expect(await fixture.keys()).toEqual([]);
  });

  it('of a name that stands on several queues needs a queue', async () => {
    const { scheduler } = await start({ consume: false }, ['a', 'b']);
    for (const queue of ['a', 'b']) await scheduler.upsert('s', { ...yearly, queue });
    await expect(scheduler.upsert('s', yearly)).rejects.toMatchObject({ code: 'AMBIGUOUS_QUEUE' });
    await expect(scheduler.pause('s')).rejects.toMatchObject({
      code: 'AMBIGUOUS_SCHEDULE',
      message: 'Schedule "s" stands on the queues a, b; pass { queue } to say which one is meant.',
    });
    expect(await scheduler.pause('s', { queue: 'b' })).toBe(true);
    expect([await scheduler.list('a'), await scheduler.list('b')]).toMatchObject([
      [{ paused: false }],
      [{ paused: true }],
    ]);
  });

  it.each<[code: string, name: unknown, address: unknown]>([
    ['INVALID_SCHEDULE', 7, {}],
    ['INVALID_QUEUE', 's', { queue: 'no queue' }],
    ['INVALID_OPTIONS', 's', 'default'],
    ['INVALID_OPTIONS', 's', { queues: 'default' }],
  ])('is asked for with a name and a queue, else %s', async (code, name, address) => {
    const { scheduler } = await start({ consume: false });
    for (const call of ['remove', 'get', 'pause', 'resume', 'runNow'] as const) {
      await expect(scheduler[call](name as string, address as object)).rejects.toMatchObject({ code });
    }
  });
});

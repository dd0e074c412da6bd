import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RetryTask, type TaskContext, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('delay');

let began: { id: string; at: number }[] = [];

@Injectable()
class Tasks {
  @TaskHandler('work')
  work(_: unknown, { id }: TaskContext): void {
    began.push({ id: id.slice('default:'.length), at: performance.now() });
  }

  @TaskHandler('again', { attempts: 2 })
  again(_: unknown, context: TaskContext): void {
    this.work(_, context);
    if (context.attempt === 1) throw new RetryTask({ delay: '1h' });
  }
}

async function start(options: object = {}, handlers = [Tasks]): Promise<TestApp & { admin: TaskQueueAdmin }> {
  began = [];
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, handlers);
  return { ...app, admin: app.app.get(TaskQueueAdmin) };
}

const beginning = async (id: string): Promise<number> =>
  (await eventually(() => began.find((each) => each.id === id), { timeoutMs: 8_000, what: `the beginning of ${id}` }))
    .at;

describe('delay and runAt', () => {
  it('let a task run at its time, not before, and not only at the next look of an idle worker', async () => {
    const { producer, status } = await start();
    await sleep(200); // the worker sleeps, with nothing to wake up for
    const added = performance.now();
    const later = await producer.add('work', null, { id: 'later', delay: 700 });
    await producer.add('work', null, { id: 'sooner', runAt: new Date(Date.now() + 400) });
    expect(await status.get(later.id)).toMatchObject({ state: 'scheduled', attempt: 0 });
    const sooner = (await beginning('sooner')) - added;
    expect(sooner).toBeGreaterThan(380);
    expect(sooner).toBeLessThan(3_000);
    const last = (await beginning('later')) - added;
    expect(last).toBeGreaterThan(690);
    expect(last).toBeLessThan(3_000);
    await eventually(async () => (await status.get(later.id))?.state === 'completed');
  });

  it.each([{ delay: 0 }, { runAt: new Date(0) }, { runAt: new Date(-8e15) }])('%j is at once', async (options) => {
    const { producer } = await start();
    await producer.add('work', null, { id: 'now', ...options });
    expect(await beginning('now')).toBeGreaterThan(0);
  });

  it('may be years off, and cost nothing until then', async () => {
    const { producer, status } = await start();
    const runAt = new Date(Date.UTC(2101, 0, 1));
    const { id } = await producer.add('work', null, { runAt });
    await producer.add('work', null, { delay: '36500d' });
    expect((await status.get(id))?.dueAt).toEqual(runAt);
    await producer.add('work', null, { id: 'now' });
    await beginning('now');
    expect(began).toHaveLength(1);
  });

  it('may differ from row to row of a bulk, whose answers keep their order', async () => {
    const { producer, status } = await start({ consume: false });
    const rows = Array.from({ length: 300 }, (_, n) => ({
      name: 'work',
      id: `${n}`,
      ...(n % 3 > 0 && { delay: 60_000 + n }),
    }));
    const answers = await producer.addBulk([...rows, { name: 'work', id: '7', delay: 1 }]);
    expect(answers.map(({ id }) => id)).toEqual([...rows.map(({ id }) => `default:${id}`), 'default:7']);
    expect(answers.map(({ created }) => created)).toEqual([...rows.map(() => true), false]);
    const states = (await status.getMany(answers.map(({ id }) => id))).map((each) => each?.state);
    expect(states.slice(0, 300)).toEqual(rows.map((_, n) => (n % 3 > 0 ? 'scheduled' : 'waiting')));
  });

  it('hold although nobody keeps statuses of what waits', async () => {
    const { producer, status, admin } = await start({ defaults: { status: 'off' } });
    const { id } = await producer.add('work', null, { id: 'a', delay: '1h' });
    expect(await status.get(id)).toMatchObject({ state: 'scheduled' });
    expect(await admin.promote(id)).toBe(true);
    await beginning('a');
    await eventually(async () => (await status.get(id)) === null, { what: 'the end of its status' });
  });

  it.each<[what: string, options: object]>([
    ['both of them', { delay: 1, runAt: new Date() }],
    ['a negative delay', { delay: -1 }],
    ['no span of time', { delay: 'soon' }],
    ['more than a hundred years', { delay: '36600d' }],
    ['an invalid date', { runAt: new Date(NaN) }],
    ['no date', { runAt: 1_800_000_000_000 }],
    ['a moment in a thousand years', { runAt: new Date(Date.UTC(3026, 0, 1)) }],
  ])('are refused where they are %s, before anything is written', async (_, options) => {
    const { producer } = await start({ consume: false });
    await expect(producer.add('work', null, options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(producer.addBulk([{ name: 'work' }, { name: 'work', ...options }])).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect(await fixture.keys()).toEqual([]);
  });
});

describe('promote and reschedule', () => {
  it('let a scheduled task run at once, or at another time', async () => {
    const { producer, status, admin } = await start();
    const [now, soon, never] = await producer.addBulk(
      ['now', 'soon', 'never'].map((id) => ({ name: 'work', id, delay: '1h' })),
    );
    expect(await admin.promote(now?.id ?? '')).toBe(true);
    await beginning('now');
    const asked = performance.now();
    expect(await admin.reschedule(soon?.id ?? '', 300)).toBe(true);
    expect((await beginning('soon')) - asked).toBeGreaterThan(290);
    const moment = new Date(Date.now() + 5 * 3_600_000);
    expect(await admin.reschedule(never?.id ?? '', moment)).toBe(true);
    expect(await status.get(never?.id ?? '')).toMatchObject({ state: 'scheduled', dueAt: moment });
  });

  it('let the next attempt of a task come at once', async () => {
    const { producer, status, admin } = await start();
    const { id } = await producer.add('again', null, { id: 'again' });
    await eventually(async () => (await status.get(id))?.state === 'retrying');
    expect(await admin.promote(id)).toBe(true);
    await eventually(async () => (await status.get(id))?.state === 'completed');
    expect(began).toHaveLength(2);
  });

  it('leave what does not wait for its time as it is, and say so', async () => {
    const { producer, admin } = await start({ consume: false });
    const { id } = await producer.add('work');
    for (const each of [id, 'default:unknown', 'nonsense']) {
      expect(await admin.promote(each)).toBe(false);
      expect(await admin.reschedule(each, '1h')).toBe(false);
    }
    await expect(admin.reschedule(id, 'soon' as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.reschedule(id, new Date(NaN))).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.promote(7 as never)).rejects.toMatchObject({ code: 'INVALID_ID' });
  });
});

import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { type TaskContext, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('group');

let done: string[] = [];
let running = new Map<string, number>();
let gate = new Latch();

interface Work {
  tenant: string;
  n: number;
}

@Injectable()
class Tasks {
  @TaskHandler('work', { attempts: 2, backoff: 1 })
  async work({ tenant, n }: Work, { attempt }: TaskContext): Promise<void> {
    const before = running.get(tenant) ?? 0;
    running.set(tenant, before + 1);
    if (before > 0) throw new Error(`two of ${tenant} at once`);
    await gate.opened;
    running.set(tenant, running.get(tenant)! - 1);
    if (n === 1 && attempt === 1) throw new Error('again');
    done.push(`${tenant}${n}`);
  }

  @TaskHandler('urgent', { priority: 5 })
  urgent(): void {
    done.push('urgent');
  }
}

async function start(options: object = {}): Promise<TestApp & { admin: TaskQueueAdmin }> {
  done = [];
  running = new Map();
  gate = new Latch();
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);
  return { ...app, admin: app.app.get(TaskQueueAdmin) };
}

const rowsOf = (tenant: string, count: number): { name: string; data: Work; group: string }[] =>
  Array.from({ length: count }, (_, n) => ({ name: 'work', data: { tenant, n: n + 1 }, group: tenant }));

describe('group', () => {
  it('runs one task at a time where it may, retries included, while other groups run beside it', async () => {
    const { producer, status } = await start({ defaults: { groups: { concurrency: 1 } } });
    const added = await producer.addBulk([...rowsOf('a', 5), ...rowsOf('b', 5), ...rowsOf('c', 1)]);
    await eventually(() => running.size === 3);
    expect([...running.values()]).toEqual([1, 1, 1]);
    expect(await status.get(added[1]!.id)).toMatchObject({ state: 'waiting', group: 'a' });
    gate.open();
    await eventually(() => done.length === 11);
    // The first one failed once, and came back behind the others.
    for (const tenant of ['a', 'b']) {
      const order = done.filter((each) => each.startsWith(tenant));
      expect(order.filter((each) => !each.endsWith('1'))).toEqual([2, 3, 4, 5].map((n) => `${tenant}${n}`));
    }
    await eventually(async () =>
      (await status.getMany(added.map(({ id }) => id))).every((s) => s?.state === 'completed'),
    );
    expect((await fixture.keys()).filter((key) => /task_queue:|groups/.test(key))).toEqual([]);
  });

  it('has its bound set while it runs', async () => {
    const { producer, admin } = await start();
    await admin.setGroup('default', 'a', { concurrency: 1 });
    await producer.addBulk([...rowsOf('a', 3), ...rowsOf('b', 1)]);
    await eventually(() => running.size === 2);
    gate.open();
    await eventually(() => done.length === 4);
  });

  it.each([
    { group: '' },
    { group: 5 },
    { group: 'a"b' },
    { group: 'a\\b' },
    { group: 'a\n' },
    { group: 'x'.repeat(257) },
    { group: 'a', priority: 3 },
  ])('%j is refused', async (options) => {
    const { producer } = await start({ consume: false });
    const expected = { code: 'INVALID_OPTIONS', message: expect.stringContaining('group') as string };
    await expect(producer.add('work', null, options as object)).rejects.toMatchObject(expected);
    await expect(producer.addBulk([{ name: 'work', ...(options as object) }])).rejects.toMatchObject(expected);
    expect(await fixture.keys()).toEqual([]);
  });

  it('is refused with a handler that has a priority, unless the task has none', async () => {
    const { producer } = await start();
    await expect(producer.add('urgent', null, { group: 'a' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await producer.add('urgent', null, { group: 'a', priority: 0 });
    await eventually(() => done.length === 1);
  });

  it.each([
    { weight: 0 },
    { weight: 1.5 },
    { concurrency: 0 },
    { concurrency: 1001 },
    { rate: { max: 1 } },
    { other: 1 },
    null,
  ])('nothing is set by %j', async (limits) => {
    const { admin } = await start({ consume: false });
    await expect(admin.setGroup('default', 'a', limits as object)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.setGroup('no queue', 'a', {})).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    await expect(admin.setGroup('default', '', {})).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await fixture.keys()).toEqual([]);
  });
});

import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { TaskHandler, TaskQueueAdmin, TaskScheduler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('priority');

let done: unknown[] = [];
let gate = new Latch();

@Injectable()
class Tasks {
  @TaskHandler('work')
  work(data: unknown): void {
    done.push(data);
  }

  @TaskHandler('urgent', { priority: 9 })
  urgent(data: unknown): void {
    done.push(data);
  }

  @TaskHandler('hold')
  async hold(): Promise<void> {
    await gate.opened;
  }
}

afterEach(() => gate.open());

async function start(options: object = {}): Promise<TestApp & { admin: TaskQueueAdmin }> {
  done = [];
  gate = new Latch();
  const defaults = { concurrency: 1 };
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, defaults, ...options }, [Tasks]);
  return { ...app, admin: app.app.get(TaskQueueAdmin) };
}

/** Keeps the only slot, so that all that is added now waits. */
async function occupy({ producer, status }: TestApp): Promise<void> {
  const { id } = await producer.add('hold', null, { priority: 1000 });
  await eventually(async () => (await status.get(id))?.state === 'active');
}

async function release(count: number): Promise<unknown[]> {
  gate.open();
  await eventually(() => done.length === count);
  return done;
}

describe('priority', () => {
  it('decides which task is next: of the task, else of its name, else of its handler', async () => {
    const app = await start({ tasks: { work: { priority: -3 } } });
    await occupy(app);
    await app.producer.add('work', 'by name');
    await app.producer.add('work', 'own', { priority: 0 });
    await app.producer.add('urgent', 'by handler');
    await app.producer.addBulk([
      { name: 'urgent', data: 'bulk' },
      { name: 'work', data: 'last', priority: -1000 },
      { name: 'work', data: 'first', priority: 1000 },
    ]);
    expect(await release(6)).toEqual(['first', 'by handler', 'bulk', 'own', 'by name', 'last']);
  });

  it('is that of tasks that a schedule makes, too', async () => {
    const app = await start();
    const scheduler = app.app.get(TaskScheduler);
    await scheduler.upsert('rare', { task: 'urgent', every: '1h' });
    await occupy(app);
    await app.producer.add('work', 'plain');
    await scheduler.runNow('rare');
    expect(await release(2)).toEqual([null, 'plain']);
  });

  it('may be changed while the task waits', async () => {
    const app = await start();
    await occupy(app);
    await app.producer.add('work', 'one');
    const { id } = await app.producer.add('work', 'two');
    expect(await app.admin.reprioritize(id, 5)).toBe(true);
    expect(await app.status.get(id)).toMatchObject({ state: 'waiting', priority: 5 });
    expect(await release(2)).toEqual(['two', 'one']);
    expect(await app.admin.reprioritize(id, 5)).toBe(false);
    expect(await app.admin.reprioritize('default:nobody', 5)).toBe(false);
    expect(await app.admin.reprioritize('no id', 5)).toBe(false);
  });

  it('counts less where the queue ages', async () => {
    const app = await start({ defaults: { concurrency: 1, aging: 1 } });
    await occupy(app);
    await app.producer.add('work', 'old', { priority: -5 });
    // Longer than ten priorities count.
    await delay(20);
    await app.producer.add('work', 'young', { priority: 5 });
    expect(await release(2)).toEqual(['old', 'young']);
  });

  it.each([1.5, 1001, -1001, Number.NaN, '5', null])('%j is none', async (priority) => {
    const { producer, admin } = await start();
    const expected = { code: 'INVALID_OPTIONS', message: expect.stringContaining('priority') as string };
    await expect(producer.add('work', null, { priority: priority as number })).rejects.toMatchObject(expected);
    await expect(admin.reprioritize('default:x', priority as number)).rejects.toMatchObject(expected);
    expect((await fixture.keys()).filter((key) => key.includes('task_queue:'))).toEqual([]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { type TaskContext, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('admin-bulk-live');

let latch: Latch;
let begun: unknown[];
let aborted: unknown[];

beforeEach(() => {
  latch = new Latch();
  [begun, aborted] = [[], []];
});

class Tasks {
  @TaskHandler('slow')
  async slow(data: unknown, { signal }: TaskContext): Promise<void> {
    begun.push(data);
    signal.addEventListener('abort', () => aborted.push(data));
    await latch.opened;
  }

  @TaskHandler('report', { queue: 'reports' })
  report(data: unknown): unknown {
    return data;
  }
}

async function start(concurrency = 1): Promise<TestApp & { admin: TaskQueueAdmin }> {
  const defaults = { concurrency };
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, lease: '1s', defaults }, [Tasks]);
  return { ...app, admin: app.app.get(TaskQueueAdmin) };
}

describe('bulk operations on live queues', () => {
  it('end the waits for tasks that are drained, and leave what runs', async () => {
    const app = await start();
    const running = await app.producer.add('slow', 0);
    await eventually(() => begun.length === 1);
    const { id } = await app.producer.add('slow', 1);
    const waiting = app.status.wait(id).catch((error: unknown) => error);
    expect((await app.admin.drain('default')).done).toBe(1);
    expect(await waiting).toMatchObject({ code: 'TASK_CANCELLED' });
    latch.open();
    await reaches(app.status, running.id, 'completed');
    expect(begun).toEqual([0]);
  });

  it('let the handlers of another queue run what was moved to it, at once', async () => {
    const app = await start();
    await app.producer.add('slow', 0);
    await eventually(() => begun.length === 1);
    const { id } = await app.producer.add('report', 7, { queue: 'default' });
    const old = app.status.wait(id).catch((error: unknown) => error);
    expect((await app.admin.move('default', 'reports', { name: 'report' })).done).toBe(1);
    expect(await app.status.wait(id.replace('default', 'reports'))).toBe(7);
    expect(await old).toMatchObject({ code: 'TASK_CANCELLED' });
    expect((await app.status.get(id))?.reason).toBe(`moved to ${id.replace('default', 'reports')}`);
    latch.open();
    await expectNoDamage(fixture, 'default');
    await expectNoDamage(fixture, 'reports');
  });

  it('take the lease from what runs where a queue is obliterated by force, and its workers go on', async () => {
    const app = await start();
    const { id } = await app.producer.add('slow', 0);
    await eventually(() => begun.length === 1);
    await expect(app.admin.obliterate('default')).rejects.toMatchObject({ code: 'QUEUE_IN_USE' });
    expect(await app.status.get(id)).toMatchObject({ state: 'active' });
    await app.admin.obliterate('default', { force: true });
    await eventually(() => aborted.length === 1);
    latch.open();
    const { id: next } = await app.producer.add('slow', 1);
    await reaches(app.status, next, 'completed');
    expect(await app.status.get(id)).toBeNull();
    await expectNoDamage(fixture, 'default');
  });

  it('race with workers without losing or doubling anything', async () => {
    latch.open();
    const app = await start(20);
    const rows = Array.from({ length: 2_000 }, (_, data) => ({ name: 'slow', data }));
    const added = await app.producer.addBulk(rows);
    const removed = Promise.all(added.slice(1_900).map(async ({ id }) => app.admin.remove(id)));
    await app.admin.purge('default', 'waiting', 0);
    await removed;
    const states = await eventually(async () => {
      const found = (await app.status.getMany(added.map(({ id }) => id))).map((status) => status?.state);
      return found.every((state) => state === undefined || state === 'completed' || state === 'cancelled') && found;
    });
    expect(begun.length).toBe(new Set(begun).size);
    const ended = states.filter((state) => state === 'completed').length;
    expect(begun.length).toBeGreaterThanOrEqual(ended);
    // What was removed after it had run left no status.
    expect(begun.length - ended).toBeLessThanOrEqual(100);
    await expectNoDamage(fixture, 'default');
  });
});

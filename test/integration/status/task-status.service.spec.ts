import { describe, expect, it } from 'vitest';
import { Injectable } from '@nestjs/common';
import { TaskContext, TaskHandler, type TaskStatus } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('status');

let release: () => void = () => undefined;

@Injectable()
class Tasks {
  @TaskHandler('double')
  double(data: number): number {
    return data * 2;
  }

  @TaskHandler('nothing')
  nothing(): void {}

  @TaskHandler('large')
  large(): string {
    return 'x'.repeat(100);
  }

  @TaskHandler('fail')
  fail(): never {
    throw new RangeError('too far');
  }

  @TaskHandler('fail with null')
  failWithNull(): never {
    throw null;
  }

  @TaskHandler('slow')
  async slow(_data: unknown, task: TaskContext): Promise<string> {
    task.progress(10);
    task.progress({ percent: 20, step: 'sending' });
    await new Promise<void>((resolve) => (release = resolve));
    task.progress(100);
    return 'done';
  }

  @TaskHandler('bad progress')
  badProgress(_data: unknown, task: TaskContext): void {
    task.progress(1n);
  }
}

const start = (options: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);

async function finished({ status }: TestApp, id: string): Promise<TaskStatus> {
  return eventually(async () => {
    const current = await status.get(id);
    return current?.finishedAt ? current : null;
  });
}

describe('get', () => {
  it('tells everything of a completed task', async () => {
    const app = await start();
    const { id } = await app.producer.add('double', 21);
    const status = await finished(app, id);
    expect(status).toEqual({
      id,
      queue: 'default',
      name: 'double',
      state: 'completed',
      priority: 0,
      group: null,
      attempt: 1,
      createdAt: expect.any(Date) as Date,
      startedAt: expect.any(Date) as Date,
      finishedAt: expect.any(Date) as Date,
      dueAt: null,
      progress: null,
      result: 42,
      unrecorded: null,
      reason: null,
      error: null,
      earlierErrors: [],
    });
    expect(Math.abs(Date.now() - status.createdAt!.getTime())).toBeLessThan(60_000);
    expect(status.finishedAt!.getTime()).toBeGreaterThanOrEqual(status.startedAt!.getTime());
  });

  it('tells of a waiting task before any worker has seen it', async () => {
    const { producer, status } = await start({ consume: false });
    const { id } = await producer.add('double', 1);
    expect(await status.get(id)).toMatchObject({ state: 'waiting', attempt: 0, startedAt: null, finishedAt: null });
  });

  it('shows state and progress while the handler runs; the last progress wins', async () => {
    const app = await start();
    const { id } = await app.producer.add('slow');
    await eventually(async () => {
      expect(await app.status.get(id)).toMatchObject({ state: 'active', progress: { percent: 20, step: 'sending' } });
      return true;
    });
    release();
    expect(await finished(app, id)).toMatchObject({ state: 'completed', progress: 100, result: 'done' });
  });

  it('tells why a task failed', async () => {
    const app = await start();
    const { id } = await app.producer.add('fail');
    const { state, error } = await finished(app, id);
    expect(state).toBe('failed');
    expect(error).toMatchObject({
      name: 'RangeError',
      message: 'too far',
      stack: expect.stringContaining('status.service.spec') as string,
    });
    const nul = await app.producer.add('fail with null');
    expect((await finished(app, nul.id)).error).toEqual({ name: 'NonError', message: 'null' });
  });

  it('has no result for undefined, and says why there is none for one that is too long', async () => {
    const app = await start({ defaults: { maxResultBytes: 50 } });
    const [nothing, large] = await app.producer.addBulk([{ name: 'nothing' }, { name: 'large' }]);
    expect(await finished(app, nothing!.id)).toMatchObject({ state: 'completed', result: null, unrecorded: null });
    expect(await finished(app, large!.id)).toMatchObject({
      state: 'completed',
      result: null,
      unrecorded: 'the result takes 102 bytes, maxResultBytes allows 50',
    });
    expect(app.log.of('warn').join()).toContain('maxResultBytes');
  });

  it('fails a handler whose progress JSON cannot carry', async () => {
    const app = await start();
    const { id } = await app.producer.add('bad progress');
    expect((await finished(app, id)).error).toMatchObject({ name: 'InvalidDataError' });
  });

  it('expires with the retention of the queue', async () => {
    const app = await start({ queues: { default: { retention: { completed: '90s', failed: '2m' } } } });
    const [good, bad] = await app.producer.addBulk([{ name: 'double', data: 1 }, { name: 'fail' }]);
    await finished(app, good!.id);
    await finished(app, bad!.id);
    const ttl = (id: string): Promise<number> =>
      fixture.redis.pttl(`${fixture.prefix}task_status:{default}:${id.slice(8)}`);
    expect(await ttl(good!.id)).toBeGreaterThan(80_000);
    expect(await ttl(good!.id)).toBeLessThanOrEqual(90_000);
    expect(await ttl(bad!.id)).toBeGreaterThan(110_000);
    expect(await ttl(bad!.id)).toBeLessThanOrEqual(120_000);
  });

  it('is null for what is not there, and for text that is no id', async () => {
    const { status } = await start({ consume: false });
    for (const id of ['default:unknown', 'nowhere:1', 'no id', '', ':', 'a b:c'])
      expect(await status.get(id)).toBeNull();
    await expect(status.get(5 as never)).rejects.toMatchObject({ code: 'INVALID_ID' });
  });

  it('shows what somebody wrote by hand as it stands', async () => {
    const { status } = await start({ consume: false });
    await fixture.redis.hset(
      `${fixture.prefix}task_status:{q}:1`,
      'state',
      'active',
      'progress',
      'half way',
      'error',
      'oops',
    );
    expect(await status.get('q:1')).toMatchObject({
      state: 'active',
      progress: 'half way',
      error: { name: 'Error', message: '"oops"' },
    });
  });
});

describe('getMany', () => {
  it('answers in the order of the ids, over queues and pages, with null where there is none', async () => {
    const { producer, status } = await start({ consume: false });
    const added = await producer.addBulk(
      Array.from({ length: 1_200 }, (_, i) => ({ name: 'x', queue: i % 2 ? 'a' : 'b' })),
    );
    const ids = added.flatMap(({ id }, i) => (i % 100 === 0 ? [id, 'a:none', 'nonsense'] : [id]));
    const statuses = await status.getMany(ids);
    expect(statuses.map((one) => one?.id ?? null)).toEqual(
      ids.map((id) => (id === 'a:none' || id === 'nonsense' ? null : id)),
    );
    expect(await status.getMany([])).toEqual([]);
  });
});

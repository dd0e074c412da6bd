import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { FailTask, type StatusPolicy, type TaskContext, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('status-policy');
const statusKeys = (): Promise<string[]> => fixture.redis.keys(`${fixture.prefix}task_status:*`);

let gate = Promise.resolve();

@Injectable()
class Tasks {
  @TaskHandler('echo')
  echo(data: unknown): unknown {
    return data;
  }

  @TaskHandler('wait')
  async wait(_data: unknown, task: TaskContext): Promise<string> {
    task.progress('half');
    await gate;
    return 'done';
  }

  @TaskHandler('flaky', { attempts: 2, backoff: { type: 'fixed', delay: 10 } })
  flaky(_data: unknown, { attempt }: TaskContext): string {
    if (attempt === 1) throw new Error('not yet');
    return 'now';
  }

  @TaskHandler('fail')
  fail(): never {
    throw new FailTask('for good');
  }
}

function start(policy: StatusPolicy, consume = true): Promise<TestApp> {
  return startApp({ redis: fixture.url, prefix: fixture.prefix, defaults: { status: policy }, consume }, [Tasks]);
}

const isIdle = async (): Promise<boolean> => {
  const held = await fixture.redis.keys(`${fixture.prefix}task_active:*`);
  return held.length === 0 && (await fixture.redis.llen(`${fixture.prefix}task_queue:{default}`)) === 0;
};

describe.each<StatusPolicy>(['final', 'off'])('status: %s', (policy) => {
  it('writes nothing when a task is added, and a repair finds nothing to do', async () => {
    const { app, producer, status } = await start(policy, false);
    const [one] = await producer.addBulk([{ name: 'echo' }, { name: 'echo' }]);
    const two = await producer.add('echo', 1);
    expect(await statusKeys()).toEqual([]);
    expect(await status.get(one!.id)).toBeNull();
    expect(await app.get(TaskQueueAdmin).cancel(two.id)).toBeNull();
    expect(await app.get(TaskQueueAdmin).repair('default')).toMatchObject({ isClean: true });
  });

  it('keeps tasks with ids of their callers apart all the same', async () => {
    const { producer, status } = await start(policy, false);
    const [first, second] = [await producer.add('echo', 1, { id: 'a' }), await producer.add('echo', 2, { id: 'a' })];
    expect([first.created, second.created]).toEqual([true, false]);
    expect(await status.get('default:a')).toMatchObject({ state: 'waiting', name: 'echo' });
  });

  it('says how far a task is that wants it to be known', async () => {
    const { producer, status } = await start(policy);
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const { id } = await producer.add('wait');
    await eventually(async () => (await status.get(id))?.progress === 'half');
    expect(await status.get(id)).toMatchObject({ state: 'active', name: 'wait', attempt: 1 });
    open();
    await eventually(isIdle);
  });

  it('can call off what is active', async () => {
    const { app, producer, status } = await start(policy);
    gate = new Promise(() => undefined);
    const { id } = await producer.add('wait');
    await eventually(async () => (await status.get(id))?.progress === 'half');
    expect(await app.get(TaskQueueAdmin).cancel(id)).toEqual({ cancelled: true, state: 'active' });
    await eventually(isIdle);
    expect((await status.get(id))?.state).toBe(policy === 'final' ? 'cancelled' : undefined);
  });

  it('keeps dead letters with their errors', async () => {
    const { producer, status } = await start(policy);
    const { id } = await producer.add('fail', 'data');
    await eventually(async () => (await status.get(id))?.state === 'failed');
    expect(await status.get(id)).toMatchObject({ name: 'fail', attempt: 1, error: { message: 'for good' } });
    expect(await fixture.redis.hlen(`${fixture.prefix}task_parked:{default}`)).toBe(1);
  });
});

it('status: final keeps what is completed, for as long as it would otherwise', async () => {
  const { producer, status } = await start('final');
  const { id } = await producer.add('echo', { n: 1 });
  await eventually(async () => (await status.get(id)) !== null);
  expect(await status.get(id)).toMatchObject({ state: 'completed', name: 'echo', attempt: 1, result: { n: 1 } });
  const [key = ''] = await statusKeys();
  expect(await fixture.redis.pttl(key)).toBeGreaterThan(23 * 3_600_000);
  const { id: retried } = await producer.add('flaky');
  await eventually(async () => (await status.get(retried))?.state === 'completed');
  expect(await status.get(retried)).toMatchObject({ name: 'flaky', attempt: 2, error: { message: 'not yet' } });
});

it('status: off keeps nothing of what is completed', async () => {
  const { producer } = await start('off');
  await producer.addBulk([
    ...Array.from({ length: 50 }, () => ({ name: 'echo' })),
    { name: 'flaky' },
    { name: 'echo', id: 'a' },
  ]);
  await eventually(async () => (await statusKeys()).length > 0);
  await eventually(async () => (await statusKeys()).length === 0 && (await isIdle()));
  expect(await fixture.redis.llen(`${fixture.prefix}task_recent:{default}`)).toBe(52);
});

it('processes that do not agree lose nothing', async () => {
  const { producer } = await start('final', false);
  const { status } = await start('full');
  const rows = await producer.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: 'echo', data: n })));
  const ids = rows.map(({ id }) => id);
  await eventually(async () => (await status.getMany(ids)).every((each) => each?.state === 'completed'));
  expect((await status.getMany(ids)).map((each) => each?.result)).toEqual(ids.map((_, n) => n));
});

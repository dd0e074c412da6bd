import { lastValueFrom, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  FailTask,
  RetryTask,
  type RedisTaskQueueOptions,
  type TaskContext,
  type TaskQueueError,
  TaskQueueAdmin,
  type TaskStatus,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('watch');
const key = (name: string): string => `${fixture.prefix}${name}`;

afterEach(() => expectNoDamage(fixture, 'default'));

interface Work {
  result?: unknown;
  fails?: string;
  waits?: boolean;
  retries?: boolean;
}

let gate: Latch<unknown>;

async function start(options: RedisTaskQueueOptions = {}): Promise<TestApp> {
  gate = new Latch();
  const work = workHandler<Work>(async (data, task) => {
    if (data.waits) await untilOpen(task);
    if (data.retries && task.attempt === 1) throw new RetryTask({ delay: 400 });
    if (data.fails !== undefined) throw new FailTask(data.fails);
    return data.result;
  });
  return startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [work]);
}

async function untilOpen(task: TaskContext): Promise<void> {
  task.progress(1);
  await Promise.race([gate.opened, new Promise((resolve) => task.signal.addEventListener('abort', resolve))]);
  task.signal.throwIfAborted();
}

const subscribers = async (): Promise<string[]> =>
  String(await fixture.redis.client('LIST'))
    .split('\n')
    .filter((line) => line.includes(`name=${fixture.prefix}task_queue:watch`));

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) => `resolved with ${JSON.stringify(value)}`,
    (error: unknown) => (error as TaskQueueError).code,
  );

describe('watch', () => {
  it('emits where the task stands, then each change and progress, and completes with its end', async () => {
    const { producer, status } = await start();
    const { id } = await producer.add('work', { waits: true, result: 7 }, { delay: 1_000 });
    const seen: TaskStatus[] = [];
    const watching = status.watch(id);
    const over = new Promise<void>((resolve) => {
      watching.subscribe({
        next: (each) => {
          seen.push(each);
          if (each.progress === 1) gate.open(undefined);
        },
        complete: resolve,
      });
    });
    await over;
    const states = seen.map(({ state }) => state);
    expect(states[0]).toBe('scheduled');
    expect(states.slice(-2)).toEqual(['active', 'completed']);
    expect(seen.at(-1)).toMatchObject({ result: 7, progress: 1 });
    expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(seen.length);
  });

  it('tells of retries, cancelling, and what an administrator does', async () => {
    const { app, producer, status } = await start();
    const admin = app.get(TaskQueueAdmin);
    const { id } = await producer.add('work', { retries: true, fails: 'no' }, { attempts: 3 });
    const states = await lastValueFrom(status.watch(id).pipe(toArray()));
    expect(states.map(({ state }) => state)).toEqual(expect.arrayContaining(['retrying', 'failed']));
    // What is over may begin anew: whoever subscribes now sees that.
    await admin.retry(id);
    expect((await lastValueFrom(status.watch(id))).state).toBe('failed');

    const later = await producer.add('work', {}, { delay: '1h' });
    const seen: (string | number)[] = [];
    const over = new Promise<void>((resolve) => {
      status.watch(later.id).subscribe({
        next: ({ state, priority, dueAt }) => {
          seen.push(state, priority);
          if (seen.length === 2) void admin.reprioritize(later.id, 5);
          else if (priority === 5 && (dueAt?.getTime() ?? 0) > Date.now() + 3_000_000)
            void admin.reschedule(later.id, '30m');
          else if (state === 'scheduled') void admin.cancel(later.id);
        },
        complete: resolve,
      });
    });
    await over;
    expect(seen).toEqual(['scheduled', 0, 'scheduled', 5, 'scheduled', 5, 'cancelled', 5]);
  });

  it('completes at once where there is nothing to watch', async () => {
    const { status } = await start();
    expect(await lastValueFrom(status.watch('default:unknown').pipe(toArray()))).toEqual([]);
    expect(await lastValueFrom(status.watch('no public id').pipe(toArray()))).toEqual([]);
    expect(() => status.watch(7 as never)).toThrow(/INVALID_ID|task id/);
  });

  it('completes when the status is gone', async () => {
    const { producer, status } = await start({ consume: false, defaults: { retention: { completed: 0 } } });
    const { app } = await start({ consume: false });
    const { id } = await producer.add('work', {}, { delay: '1h' });
    const states = lastValueFrom(status.watch(id).pipe(toArray()));
    await eventually(async () => (await fixture.redis.zcard(key('task_watched:{default}'))) === 1);
    await app.get(TaskQueueAdmin).cancel(id);
    expect((await states).map(({ state }) => state)).toEqual(['scheduled', 'cancelled']);
  });
});

describe('wait', () => {
  it('returns what the handler returned: also if it had ended before, and once for each who waits', async () => {
    const { producer, status } = await start();
    const { id } = await producer.add('work', { result: { a: 1 } });
    expect(await Promise.all([status.wait(id), status.wait(id), status.wait(id)])).toEqual(
      Array.from({ length: 3 }, () => ({ a: 1 })),
    );
    expect(await status.wait(id)).toEqual({ a: 1 });
  });

  it('throws why it failed, with the number of attempts', async () => {
    const { producer, status } = await start();
    const { id } = await producer.add('work', { retries: true, fails: 'the printer burns' }, { attempts: 5 });
    await expect(status.wait(id)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      id,
      attempts: 2,
      failure: { name: 'FailTask', message: 'the printer burns' },
      message: `${id} (work) failed at attempt 2: FailTask: the printer burns`,
    });
  });

  it('throws if it was cancelled, is unknown or its end is not kept, takes too long, or is given up', async () => {
    const { app, producer, status } = await start({ queues: { none: { retention: { completed: 0 } } } });
    const { id } = await producer.add('work', { waits: true });
    expect(await codeOf(status.wait(id, { timeout: 50 }))).toBe('TASK_WAIT_TIMEOUT');
    const gone = new AbortController();
    const given = status.wait(id, { signal: gone.signal });
    gone.abort(new Error('the request is gone'));
    await expect(given).rejects.toThrow('the request is gone');
    await expect(status.wait(id, { signal: gone.signal })).rejects.toThrow('the request is gone');

    const cancelled = status.wait(id);
    await app.get(TaskQueueAdmin).cancel(id, 'nobody wants it');
    await expect(cancelled).rejects.toMatchObject({ code: 'TASK_CANCELLED', reason: 'nobody wants it' });
    expect(await codeOf(status.wait('default:unknown'))).toBe('TASK_NOT_FOUND');
    expect(await codeOf(status.wait('nothing'))).toBe('TASK_NOT_FOUND');
    expect(await codeOf(status.wait(1 as never))).toBe('INVALID_ID');
    expect(await codeOf(status.wait(id, { timeout: 'soon' as never }))).toBe('INVALID_OPTIONS');
    expect(await codeOf(status.wait(id, { timeuot: 1 } as never))).toBe('INVALID_OPTIONS');
  });

  it('waits for a status that is not there before the end', async () => {
    const { producer, status } = await start({ defaults: { status: 'final' } });
    const { id } = await producer.add('work', { result: 1 }, { delay: 50 });
    const second = await producer.add('work', { result: 2 });
    expect(await Promise.all([status.wait(id), status.wait(second.id)])).toEqual([1, 2]);
  });

  it('does not wait for a status that may never be there', async () => {
    const { producer, status } = await start({ defaults: { status: 'final', retention: { completed: 0 } } });
    const { id } = await producer.add('work', { result: 1 });
    expect(await codeOf(status.wait(id, { timeout: 2_000 }))).toBe('TASK_NOT_FOUND');
  });

  it('is told nothing more after shutdown', async () => {
    const { app, producer, status } = await start({ consume: false });
    const { id } = await producer.add('work', {});
    const waiting = codeOf(status.wait(id));
    await eventually(async () => (await subscribers()).length === 1);
    await app.close();
    expect(await waiting).toBe('WATCH_CLOSED');
    expect(await codeOf(status.wait(id))).toBe('WATCH_CLOSED');
  });

  it('10,000 at a time, over one connection', async () => {
    const { producer, status } = await start();
    const rows = Array.from({ length: 10_000 }, (_, row) => ({ name: 'work', data: { result: row }, delay: 200 }));
    const added = await producer.addBulk(rows);
    const results = Promise.all(added.map(async ({ id }) => status.wait(id)));
    await eventually(async () => (await subscribers()).length > 0);
    expect(await subscribers()).toHaveLength(1);
    expect(await results).toEqual(rows.map(({ data }) => data.result));
    await eventually(async () => (await fixture.redis.exists(key('task_watched:{default}'))) === 0);
  }, 60_000);

  it('no change is missed, whenever somebody comes', async () => {
    const { producer, status } = await start();
    const waits = Array.from({ length: 500 }, async (_, row) => {
      const { id } = await producer.add('work', { result: row });
      // Some ask at once, some when it is probably over, and most in between.
      for (let turn = row % 12; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
      return status.wait(id, { timeout: 5_000 });
    });
    expect(await Promise.all(waits)).toEqual(waits.map((_, row) => row));
  });
});

describe('while nobody watches', () => {
  it('nothing is published, and there is no connection', async () => {
    const { producer, status } = await start();
    const { id } = await producer.add('work', { result: 1 });
    await eventually(async () => (await status.get(id))?.state === 'completed');
    expect(await subscribers()).toEqual([]);
    expect((await fixture.keys()).filter((name) => name.includes('watch'))).toEqual([]);

    expect(await status.wait((await producer.add('work', { result: 2 })).id)).toBe(2);
    await eventually(async () => (await subscribers()).length === 0, { timeoutMs: 8_000 });
    // And then somebody comes again.
    expect(await status.wait((await producer.add('work', { result: 3 })).id)).toBe(3);
  });
});

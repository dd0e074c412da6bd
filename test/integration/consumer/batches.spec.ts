import { Injectable } from '@nestjs/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddedTask,
  type BatchOptions,
  type BulkRow,
  FailTask,
  type QueueOptions,
  RetryTask,
  SnoozeTask,
  type TaskContext,
  TaskHandler,
  TaskQueueAdmin,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('batches');
const key = (name: string): string => `${fixture.prefix}${name}`;

interface Batch {
  data: number[];
  tasks: TaskContext[];
}

/** What a test has of its worker. */
interface Worker extends TestApp {
  /** In the order in which they began. */
  batches: Batch[];
  data: () => number[][];
  admin: TaskQueueAdmin;
}

type Handle = (data: number[], tasks: TaskContext[], nth: number) => unknown;

/** A worker whose handler takes batches; beside it one that takes tasks as they come. */
async function start(
  batch: BatchOptions,
  handle: Handle = () => undefined,
  queue: QueueOptions & { shutdownTimeout?: number } = {},
): Promise<Worker> {
  const batches: Batch[] = [];
  @Injectable()
  class Tasks {
    @TaskHandler('together', { batch })
    async together(data: number[], tasks: TaskContext[]): Promise<undefined> {
      batches.push({ data, tasks });
      return (await handle(data, tasks, batches.length)) as undefined;
    }

    @TaskHandler('single')
    single(data: number): number {
      return data;
    }
  }
  const { shutdownTimeout = 10_000, ...defaults } = queue;
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, shutdownTimeout, defaults }, [Tasks]);
  const data = (): number[][] => batches.map((each) => each.data);
  return { ...app, batches, data, admin: app.app.get(TaskQueueAdmin) };
}

/** Adds tasks before there is a worker. */
async function add(rows: readonly BulkRow[]): Promise<AddedTask[]> {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false });
  const added = await app.producer.addBulk(rows);
  await stopApp(app);
  return added;
}

const together = (count: number, options: Partial<BulkRow> = {}): BulkRow[] =>
  Array.from({ length: count }, (_, data) => ({ name: 'together', data, queue: 'default', ...options }));

describe('a batch', () => {
  it('is full where enough is waiting, and what is left over is not forgotten', async () => {
    const added = await add(together(23));
    const { status, data } = await start({ size: 10 }, (each) => each.map((n) => n * n), { concurrency: 1 });
    for (const [n, { id }] of added.entries()) expect((await reaches(status, id, 'completed')).result).toBe(n * n);
    expect(data().map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(data().flat()).toEqual(added.map((_, n) => n));
  });

  it('may be larger than what one claim brings', async () => {
    await add(together(600));
    const { data } = await start({ size: 500 }, undefined, { concurrency: 1 });
    await eventually(() => data().flat().length === 600);
    expect(data().map(({ length }) => length)).toEqual([500, 100]);
  });

  it('is not waited for by default: a single task begins at once', async () => {
    const { producer, status, data } = await start({ size: 100 });
    const { id } = await producer.add('together', 7);
    await reaches(status, id, 'completed');
    expect(data()).toEqual([[7]]);
  });

  it('waits for others as long as maxWait says, while other tasks go on', async () => {
    const { producer, status, data } = await start({ size: 3, maxWait: '400ms' }, undefined, { concurrency: 1 });
    const from = performance.now();
    const [first, single, second] = await producer.addBulk([
      { name: 'together', data: 1 },
      { name: 'single', data: 2 },
      { name: 'together', data: 3 },
    ]);
    await reaches(status, single!.id, 'completed');
    expect(data()).toEqual([]);
    expect((await status.get(first!.id))?.state, 'it has not begun').toBe('waiting');
    await reaches(status, second!.id, 'completed');
    expect(performance.now() - from).toBeGreaterThan(390);
    expect(data()).toEqual([[1, 3]]);
  });

  it('takes one slot: as many calls at once as concurrency says, each of them full', async () => {
    await add(together(100));
    const gate = new Latch();
    const { data, batches } = await start({ size: 10 }, () => gate.opened, { concurrency: 3 });
    await eventually(() => batches.length === 3);
    expect(data().flat()).toEqual(Array.from({ length: 30 }, (_, n) => n));
    gate.open();
    await eventually(() => data().flat().length === 100);
    expect(batches).toHaveLength(10);
  });

  it('gives each task its context: id, attempt, progress', async () => {
    const { producer, status, batches } = await start({ size: 2, maxWait: '5s' }, (data, tasks) => {
      for (const [n, task] of tasks.entries()) task.progress(data[n]);
    });
    const [a, b] = await producer.addBulk([
      { name: 'together', data: 11, id: 'a' },
      { name: 'together', data: 22, id: 'b' },
    ]);
    expect(await reaches(status, a!.id, 'completed')).toMatchObject({ progress: 11, attempt: 1 });
    expect(await reaches(status, b!.id, 'completed')).toMatchObject({ progress: 22, attempt: 1 });
    expect(batches[0]?.tasks.map(({ id, name, queue, attempt }) => [id, name, queue, attempt])).toEqual([
      ['default:a', 'together', 'default', 1],
      ['default:b', 'together', 'default', 1],
    ]);
  });
});

describe('outcomes', () => {
  it('all fail where the handler throws, each by its own attempts', async () => {
    const [once, twice] = await add([
      ...together(1),
      { name: 'together', data: 1, queue: 'default', attempts: 2, backoff: 1 },
    ]);
    const { status, data } = await start({ size: 2, maxWait: '50ms' }, (_data, _tasks, nth) => {
      if (nth === 1) throw new Error('no');
    });
    expect(await reaches(status, twice!.id, 'completed')).toMatchObject({ attempt: 2, error: { message: 'no' } });
    expect(await reaches(status, once!.id, 'failed')).toMatchObject({ attempt: 1, error: { message: 'no' } });
    expect(data()).toEqual([[0, 1], [1]]);
  });

  it('each by its element: results, errors, and what says how the task goes on', async () => {
    const [fine, failed, later, never, snoozed, rejected] = await add(together(6, { attempts: 3, backoff: '1h' }));
    const { status } = await start({ size: 6 }, (data, _tasks, nth) =>
      nth > 1
        ? data.map((n) => `again ${n}`)
        : [
            { n: 0 },
            new Error('no'),
            new RetryTask({ delay: 1 }),
            new FailTask('never'),
            new SnoozeTask(1),
            Promise.reject(new Error('rejected')),
          ],
    );
    expect(await reaches(status, fine!.id, 'completed')).toMatchObject({ result: { n: 0 } });
    expect(await reaches(status, failed!.id, 'retrying')).toMatchObject({ error: { message: 'no' } });
    expect(await reaches(status, later!.id, 'completed')).toMatchObject({ result: 'again 2', attempt: 2 });
    expect(await reaches(status, never!.id, 'failed')).toMatchObject({ error: { message: 'never' }, attempt: 1 });
    expect(await reaches(status, snoozed!.id, 'completed')).toMatchObject({ result: 'again 4', attempt: 1 });
    expect(await reaches(status, rejected!.id, 'retrying')).toMatchObject({ error: { message: 'rejected' } });
  });

  it.each([[[1]], ['done'], [null]])('all fail where the handler returns %j for two tasks', async (returned) => {
    const added = await add(together(2));
    const { status } = await start({ size: 2 }, () => returned);
    for (const { id } of added) {
      expect((await reaches(status, id, 'failed')).error).toMatchObject({ name: 'InvalidBatchResultError' });
    }
  });

  it('one that is cancelled: its signal aborts, and whatever is returned for it does not count', async () => {
    const [a, b] = await add(together(2));
    const gate = new Latch();
    const { status, admin, batches } = await start({ size: 2 }, async (data) => {
      await gate.opened;
      return data;
    });
    const batch = await eventually(() => batches[0]);
    expect(await admin.cancel(a!.id, 'nobody wants it')).toMatchObject({ cancelled: true });
    await eventually(() => batch.tasks[0]?.signal.aborted);
    expect(batch.tasks[1]?.signal.aborted).toBe(false);
    gate.open();
    expect(await reaches(status, a!.id, 'cancelled')).toMatchObject({ reason: 'nobody wants it', result: null });
    expect(await reaches(status, b!.id, 'completed')).toMatchObject({ result: 1 });
  });

  it('one that is cancelled while its batch gathers: it does not come into it', async () => {
    const { producer, status, admin, data } = await start({ size: 3, maxWait: '5s' });
    const [a] = await producer.addBulk(together(2));
    await eventually(async () => (await heldIds()).length === 2);
    expect(await admin.cancel(a!.id)).toMatchObject({ cancelled: true });
    await reaches(status, a!.id, 'cancelled');
    await producer.addBulk(together(2));
    await eventually(() => data().length === 1);
    expect(data()).toEqual([[1, 0, 1]]);
  });

  it('those whose time is over: their signals abort, and they have failed, while the call goes on for the others', async () => {
    const [short, long] = await add([
      ...together(1, { timeout: 30 }),
      { name: 'together', data: 1, queue: 'default', timeout: '20s' },
    ]);
    const gate = new Latch();
    const { status, batches } = await start({ size: 2 }, () => gate.opened);
    expect((await reaches(status, short!.id, 'failed')).error).toMatchObject({ name: 'TaskTimeoutError' });
    expect(batches[0]?.tasks.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    gate.open();
    await reaches(status, long!.id, 'completed');
  });

  it('what expires while its batch gathers does not begin', async () => {
    const { producer, status, data } = await start({ size: 3, maxWait: '200ms' });
    const [gone, there] = await producer.addBulk([
      { name: 'together', data: 1, expiresIn: 50 },
      { name: 'together', data: 2 },
    ]);
    expect(await reaches(status, gone!.id, 'cancelled')).toMatchObject({ reason: 'expired' });
    await reaches(status, there!.id, 'completed');
    expect(data()).toEqual([[2]]);
  });
});

describe('at shutdown', () => {
  it('what gathers goes back as if it had never been claimed, in order', async () => {
    const app = await start({ size: 10, maxWait: '1h' });
    const added = await app.producer.addBulk(together(3));
    await eventually(async () => (await heldIds()).length === 3);
    const from = performance.now();
    await stopApp(app);
    expect(performance.now() - from).toBeLessThan(5_000);
    const queue = await fixture.redis.lrange(key('task_queue:{default}'), 0, -1);
    expect(queue.reverse().map((text) => `default:${(JSON.parse(text) as { id: string }).id}`)).toEqual(
      added.map(({ id }) => id),
    );
    expect(queue.join()).not.toContain('"lost"');
    expect(await statesOf(added)).toEqual(['waiting', 'waiting', 'waiting']);
    expect(app.data()).toEqual([]);
  });

  it('what runs is aborted after its time, and goes back in order if the handler throws', async () => {
    const added = await add(together(3));
    const app = await start(
      { size: 3 },
      (_data, [task]) =>
        new Promise((_, reject) =>
          task?.signal.addEventListener('abort', () => reject(task.signal.reason as Error), { once: true }),
        ),
      { shutdownTimeout: 50 },
    );
    await eventually(() => app.batches.length === 1);
    await stopApp(app);
    expect(await statesOf(added)).toEqual(['waiting', 'waiting', 'waiting']);
    const next = await start({ size: 3 });
    await eventually(() => next.data().flat().length === 3);
    expect(next.data()).toEqual([[0, 1, 2]]);
    expect(next.batches[0]?.tasks.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  it('and with at-most-once delivery is a dead letter; what gathers goes back', async () => {
    const app = await start({ size: 2, maxWait: '1h' }, () => new Promise(() => undefined), {
      shutdownTimeout: 50,
      delivery: 'at-most-once',
    });
    const added = await app.producer.addBulk(together(3));
    await eventually(async () => app.batches.length === 1 && (await heldIds()).length === 3);
    await stopApp(app);
    expect(await statesOf(added)).toEqual(['failed', 'failed', 'waiting']);
  });
});

describe('what was lost with a worker', () => {
  async function push(list: 'queue' | 'suspects', id: string, lost: number): Promise<void> {
    await fixture.redis.hset(key(`task_status:{default}:${id}`), { state: 'waiting', name: 'together', created: '1' });
    await fixture.redis.lpush(
      key(`task_${list}:{default}`),
      `{"id":"${id}","attempt":${lost},"lost":${lost},"name":"together","data":${lost}}`,
    );
  }

  it('begins, with its batch, when all of their statuses say that they are active', async () => {
    await add(together(2, { id: 'x' }).map((row, n) => ({ ...row, id: `x${n}` })));
    await push('queue', 'lost', 1);
    const states: unknown[] = [];
    const { data } = await start({ size: 3 }, async (_data, tasks) => {
      for (const { id } of tasks) {
        states.push(await fixture.redis.hget(key(`task_status:{default}:${id.slice('default:'.length)}`), 'state'));
      }
    });
    await eventually(() => states.length === 3);
    expect(data()).toEqual([[0, 1, 1]]);
    expect(states).toEqual(['active', 'active', 'active']);
  });

  it('so often that it is a suspect is alone in its batch, while others wait', async () => {
    await add(together(3));
    await push('suspects', 'suspect', 2);
    let running = 0;
    const company: number[] = [];
    const { data } = await start({ size: 10 }, async (each) => {
      running++;
      company.push(running);
      await new Promise((resolve) => setTimeout(resolve, each.includes(2) ? 50 : 20));
      running--;
    });
    await eventually(() => data().flat().length === 4);
    expect(data()).toContainEqual([2]);
    expect(Math.max(...company)).toBe(1);
  });
});

describe.each(['full', 'final', 'off'] as const)('status: %s', (policy) => {
  it.each(['batch', 'each'] as const)('with ack: %s runs everything once, in full batches', async (ack) => {
    await add(together(200));
    const { data } = await start({ size: 10 }, undefined, { concurrency: 2, status: policy, ack });
    await eventually(() => data().flat().length === 200);
    const ran = data().flat();
    expect(ran.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    await eventually(async () => (await heldIds()).length === 0);
    expect(data()).toHaveLength(20);
  });
});

it('any mix of names, sizes, waits and outcomes: every task ends once, and Redis holds nothing of it', async () => {
  const run = fc.record({
    names: fc.array(fc.constantFrom('hasty', 'patient', 'single'), { minLength: 1, maxLength: 60 }),
    sizes: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 2, max: 5 })),
    concurrency: fc.integer({ min: 1, max: 3 }),
    failsEvery: fc.integer({ min: 2, max: 7 }),
  });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(run, async ({ names, sizes: [hasty, patient], concurrency, failsEvery }) => {
      const queue = `q${round++}`;
      const begun: { size: number; data: number[] }[] = [];
      const work = (size: number, data: number[]): unknown[] => {
        begun.push({ size, data });
        if (data.length === size && data.some((n) => n % (failsEvery * 3) === 0)) throw new Error('all');
        return data.map((n) => (n % failsEvery === 0 ? new Error('one') : n));
      };
      class Tasks {
        @TaskHandler('hasty', { queue, batch: { size: hasty } })
        hasty(data: number[]): unknown[] {
          return work(hasty, data);
        }
        @TaskHandler('patient', { queue, batch: { size: patient, maxWait: 20 } })
        async patient(data: number[]): Promise<unknown[]> {
          return work(patient, data);
        }
        @TaskHandler('single', { queue })
        single(data: number): unknown {
          begun.push({ size: 1, data: [data] });
          return data;
        }
      }
      const app = await startApp(
        { redis: fixture.url, prefix: fixture.prefix, defaults: { concurrency, attempts: 2, backoff: 1 } },
        [Tasks],
      );
      const rows = names.map((name, data) => ({ name, data, queue }));
      const added = await app.producer.addBulk(rows);
      const ended = await eventually(async () => {
        const statuses = await app.status.getMany(added.map(({ id }) => id));
        return statuses.every((status) => ['completed', 'failed'].includes(status?.state ?? '')) && statuses;
      });
      await stopApp(app);
      for (const { size, data } of begun) expect(data.length).toBeLessThanOrEqual(size);
      const runs = begun.flatMap(({ data }) => data);
      for (const [n, status] of ended.entries()) {
        expect(runs.filter((each) => each === n)).toHaveLength(status?.attempt ?? 0);
      }
      const left = (await fixture.keys()).filter((name) => name.includes(`{${queue}}`));
      expect(left.filter((name) => /task_(active|queue|scheduled)/.test(name))).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

/** The ids of all that workers hold of queue `default`. */
async function heldIds(): Promise<string[]> {
  const workers = await fixture.redis.keys(key('task_active:{default}:*'));
  return (await Promise.all(workers.map((worker) => fixture.redis.hkeys(worker)))).flat();
}

async function statesOf(added: readonly AddedTask[]): Promise<(string | undefined)[]> {
  const observer = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false });
  return (await observer.status.getMany(added.map(({ id }) => id))).map((status) => status?.state);
}

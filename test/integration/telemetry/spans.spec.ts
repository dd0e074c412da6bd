import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Observable } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import {
  FailTask,
  RateLimited,
  type RedisTaskQueueOptions,
  RetryTask,
  SnoozeTask,
  TaskContext,
  TaskHandler,
  type TaskHandlerOptions,
  TaskProducer,
  TaskQueueAdmin,
  TaskScheduler,
} from '../../../lib/index.js';
import { RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { RecordedTelemetry } from '../../support/recorded-telemetry.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startScript } from '../../support/start-script.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('spans');
const key = (name: string): string => `${fixture.prefix}${name}`;
const sdk = new RecordedTelemetry();
const OURS = 'messaging.redis_task_queue.task';

beforeAll(() => void sdk.start());
beforeEach(() => sdk.clear());
afterAll(() => sdk.stop());

const moduleOptions = (): RedisTaskQueueOptions => ({ redis: fixture.url, prefix: fixture.prefix, telemetry: true });

async function start(
  handle: (data: never, task: TaskContext) => unknown = () => undefined,
  options: TaskHandlerOptions = {},
): Promise<TestApp> {
  return startApp(moduleOptions(), [workHandler(handle, options)]);
}

/** Waits for as many spans of that name, in the order in which they ended. */
async function spansOf(name: string, count = 1): Promise<ReadableSpan[]> {
  await eventually(() => sdk.named(name).length >= count, { what: `${count} spans "${name}"` });
  return sdk.named(name);
}

async function spanOf(name: string): Promise<ReadableSpan> {
  return (await spansOf(name))[0]!;
}

const traceOf = (span: ReadableSpan): string => span.spanContext().traceId;
const isChild = (span: ReadableSpan, parent: ReadableSpan): boolean =>
  span.parentSpanContext?.spanId === parent.spanContext().spanId && traceOf(span) === traceOf(parent);

/** Within a span of the application's own. */
async function within<T>(name: string, step: () => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await step();
    } finally {
      span.end();
    }
  });
}

describe('one task', () => {
  it('is one trace: a span of the add, below it that of the run, below that what the handler does', async () => {
    const { producer } = await start(() => within('inside', () => delay(2)));
    const { id } = await within('request', () => producer.add('work', 'secret'));
    const [run, inside] = [await spanOf('process default'), await spanOf('inside')];
    const [request, add] = [await spanOf('request'), await spanOf('send default')];
    expect(isChild(add, request)).toBe(true);
    expect(isChild(run, add)).toBe(true);
    expect(isChild(inside, run)).toBe(true);

    const common = { 'messaging.system': 'redis_task_queue', 'messaging.destination.name': 'default' };
    const ofTask = { 'messaging.message.id': id, [`${OURS}.name`]: 'work' };
    expect(add.kind).toBe(SpanKind.PRODUCER);
    expect(add.attributes).toEqual({
      ...common,
      ...ofTask,
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      [`${OURS}.outcome`]: 'created',
    });
    expect(run.kind).toBe(SpanKind.CONSUMER);
    expect(run.attributes).toEqual({
      ...common,
      ...ofTask,
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      [`${OURS}.attempt`]: 1,
      [`${OURS}.outcome`]: 'completed',
    });
    expect(run.links).toEqual([]);
    expect([add.status.code, run.status.code]).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET]);
    expect(JSON.stringify([add, run].map(({ attributes, events }) => [attributes, events]))).not.toContain('secret');
  });

  it('goes on in the trace in another process', async () => {
    const { producer } = await startApp(moduleOptions());
    const { id } = await producer.add('work', 1);
    const worker = startScript(new URL('./scripts/traced-worker.ts', import.meta.url), {
      env: { WORKER_OPTIONS: JSON.stringify(moduleOptions()) },
    });
    const run = JSON.parse(await worker.nextLine()) as { traceId: string; parentId: string; messageId: string };
    const add = (await spanOf('send default')).spanContext();
    expect(run).toEqual({ traceId: add.traceId, parentId: add.spanId, messageId: id });
    expect((await worker.exit).code).toBe(0);
  });

  it('that a handler adds belongs to its trace', async () => {
    @Injectable()
    class Chain {
      constructor(private readonly producer: TaskProducer) {}
      @TaskHandler('chain')
      async run(left: number): Promise<void> {
        await delay(1);
        if (left > 0) await this.producer.add('chain', left - 1);
      }
    }
    const { producer } = await startApp(moduleOptions(), [Chain]);
    await producer.add('chain', 2);
    const runs = await spansOf('process default', 3);
    const adds = await spansOf('send default', 3);
    runs.forEach((run, at) => expect(isChild(run, adds[at]!)).toBe(true));
    expect(isChild(adds[1]!, runs[0]!)).toBe(true);
    expect(isChild(adds[2]!, runs[1]!)).toBe(true);
  });

  it.each([1, 10])(
    'sees its own context, whatever else runs (%i at once), and so does an Observable',
    async (concurrency) => {
      const seen = new Map<string, (string | undefined)[]>();
      const look = (id: string): void => {
        const found = trace.getSpanContext(context.active())?.traceId;
        seen.set(id, [...(seen.get(id) ?? []), found]);
      };
      const storage = new AsyncLocalStorage();
      const handle = async (n: number, { id }: TaskContext): Promise<void> => {
        storage.enterWith(n);
        look(id);
        await delay(n % 3);
        look(id);
      };
      class Looking {
        @TaskHandler('work')
        work(data: number, task: TaskContext): unknown {
          return data % 2 === 0
            ? handle(data, task)
            : new Observable((to) => void handle(data, task).then(() => to.complete()));
        }
      }
      const app = await startApp({ ...moduleOptions(), defaults: { concurrency } }, [Looking]);
      const added = await Promise.all(Array.from({ length: 40 }, (_, n) => app.producer.add('work', n)));
      const runs = await spansOf('process default', 40);
      expect(new Set(runs.map(traceOf)).size).toBe(40);
      for (const { id } of added) {
        const run = runs.find(({ attributes }) => attributes['messaging.message.id'] === id)!;
        expect(seen.get(id)).toEqual([traceOf(run), traceOf(run)]);
      }
    },
  );

  it('that a schedule has added begins a trace of its own', async () => {
    const { app } = await start();
    const scheduler = app.get(TaskScheduler);
    await within('request', async () => {
      await scheduler.upsert('s', { task: 'work', queue: 'default', every: '1h' });
      await scheduler.runNow('s');
    });
    expect((await spanOf('process default')).parentSpanContext).toBeUndefined();
  });
});

describe('attempts', () => {
  it('are spans of one trace, and what fails is an error with an exception', async () => {
    const { producer } = await start(
      (_, { attempt }) => {
        if (attempt < 3) throw new TypeError(`broken ${attempt}`);
      },
      { attempts: 3, backoff: 1 },
    );
    await producer.add('work');
    const runs = await spansOf('process default', 3);
    const add = await spanOf('send default');
    expect(runs.every((run) => isChild(run, add))).toBe(true);
    expect(runs.map(({ attributes }) => [attributes[`${OURS}.attempt`], attributes[`${OURS}.outcome`]])).toEqual([
      [1, 'retrying'],
      [2, 'retrying'],
      [3, 'completed'],
    ]);
    expect(runs.map(({ status }) => status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.ERROR,
      SpanStatusCode.UNSET,
    ]);
    expect(runs[0]!.status.message).toBe('broken 1');
    expect(runs[0]!.attributes).toMatchObject({ 'error.type': 'TypeError', [`${OURS}.delay_ms`]: 1 });
    const [exception] = runs[0]!.events;
    expect(exception).toMatchObject({
      name: 'exception',
      attributes: { 'exception.type': 'TypeError', 'exception.message': 'broken 1' },
    });
    expect(exception!.attributes!['exception.stacktrace']).toContain('spans.spec.ts');
  });

  const { ERROR, UNSET } = SpanStatusCode;
  it.each<[outcome: string, code: SpanStatusCode, errorType: string | undefined, make: () => unknown]>([
    ['failed', ERROR, 'FailTask', () => new FailTask('no')],
    ['retrying', ERROR, 'RetryTask', () => new RetryTask({ delay: '1h' })],
    ['snoozed', UNSET, undefined, () => new SnoozeTask('1h')],
    ['limited', UNSET, undefined, () => new RateLimited('1h')],
    ['failed', ERROR, 'NonError', () => ({ hidden: 'hidden data' })],
    ['failed', ERROR, 'NonError', () => undefined],
  ])('tell how their task goes on: %s', async (outcome, code, errorType, make) => {
    const { producer } = await start(
      () => {
        throw make();
      },
      { attempts: outcome === 'retrying' ? 2 : 1 },
    );
    await producer.add('work');
    const { attributes, status, events } = await spanOf('process default');
    expect(attributes[`${OURS}.outcome`]).toBe(outcome);
    expect(status.code).toBe(code);
    expect(attributes['error.type']).toBe(errorType);
    expect(events.length).toBe(code === ERROR ? 1 : 0);
    expect(JSON.stringify([attributes, status, events])).not.toContain('hidden data');
  });

  it('that take too long end in time, as an error', async () => {
    const { producer } = await start(() => delay(1_000), { timeout: 20 });
    await producer.add('work');
    const { attributes, status } = await spanOf('process default');
    expect(status.code).toBe(ERROR);
    expect(attributes).toMatchObject({ 'error.type': 'TASK_TIMEOUT', [`${OURS}.outcome`]: 'failed' });
  });

  it('that are called off end cancelled, which is no error', async () => {
    const { producer, app, status } = await start((_, { signal }) => delay(10_000, undefined, { signal }));
    const { id } = await producer.add('work');
    await reaches(status, id, 'active');
    await app.get(TaskQueueAdmin).cancel(id);
    await eventually(() => sdk.named('process default')[0], { timeoutMs: 20_000 });
    const run = await spanOf('process default');
    expect(run.attributes[`${OURS}.outcome`]).toBe('cancelled');
    expect(run.status.code).toBe(UNSET);
  });

  it('that others have taken over end as lost, and go on in the same trace', async () => {
    const latch = new Latch();
    const { producer, status } = await startApp({ ...moduleOptions(), lease: 600 }, [
      workHandler((_, { attempt }) => (attempt === 1 ? latch.opened : undefined)),
    ]);
    const { id } = await producer.add('work');
    await reaches(status, id, 'active');
    const [worker] = await fixture.redis.zrange(key('task_workers:{default}'), '0', '-1');
    await fixture.redis.zadd(key('task_workers:{default}'), 0, worker!);
    const broker = new RedisBroker({ redis: fixture.url, prefix: fixture.prefix, commandTimeoutMs: 5_000 });
    await broker.recover('default' as never, 2, RETENTION);
    await broker.close();
    await reaches(status, id, 'completed');
    latch.open();
    const runs = await spansOf('process default', 2);
    expect(runs.map(({ attributes }) => attributes[`${OURS}.outcome`])).toEqual(['completed', 'lost']);
    expect(runs.map(({ attributes }) => attributes[`${OURS}.attempt`])).toEqual([2, 1]);
    expect(new Set(runs.map(traceOf)).size).toBe(1);
    expect(runs[1]!.status.code).toBe(UNSET);
  });

  it('that the shutdown does not wait for end as released', async () => {
    const app = await startApp({ ...moduleOptions(), shutdownTimeout: 1 }, [workHandler(() => delay(2_000))]);
    const { id } = await app.producer.add('work');
    await reaches(app.status, id, 'active');
    await stopApp(app);
    expect((await spanOf('process default')).attributes[`${OURS}.outcome`]).toBe('released');
  });
});

describe('addBulk', () => {
  it('is one span, below which all of its tasks run', async () => {
    const { producer } = await start();
    await producer.addBulk(Array.from({ length: 5 }, (_, data) => ({ name: 'work', data })));
    const runs = await spansOf('process default', 5);
    const adds = await spansOf('send default');
    expect(adds).toHaveLength(1);
    expect(adds[0]!.attributes).toMatchObject({ 'messaging.batch.message_count': 5, [`${OURS}.name`]: 'work' });
    expect(adds[0]!.attributes).not.toHaveProperty(['messaging.message.id']);
    expect(runs.every((run) => isChild(run, adds[0]!))).toBe(true);
  });

  it('to several queues has none in its name', async () => {
    const { producer } = await startApp(moduleOptions());
    await producer.addBulk([
      { name: 'a', queue: 'one' },
      { name: 'b', queue: 'two' },
    ]);
    const { attributes } = await spanOf('send');
    expect(attributes['messaging.batch.message_count']).toBe(2);
    expect(attributes).not.toHaveProperty(['messaging.destination.name']);
    expect(attributes).not.toHaveProperty([`${OURS}.name`]);
  });
});

describe('a batch handler', () => {
  it('has one span, with links to where its tasks come from', async () => {
    const calls: number[] = [];
    class Batches {
      @TaskHandler('work', { batch: { size: 3, maxWait: '5s' } })
      async work(data: number[], tasks: TaskContext[]): Promise<unknown[]> {
        calls.push(tasks.length);
        await within('inside', () => delay(1));
        return data.map((n) => (n === 1 ? new RangeError('one') : undefined));
      }
    }
    const { producer } = await startApp(moduleOptions(), [Batches]);
    const added = await Promise.all([0, 1, 2].map((n) => producer.add('work', n)));
    const run = await spanOf('process default');
    const adds = await spansOf('send default', 3);
    expect(calls).toEqual([3]);
    expect(run.parentSpanContext).toBeUndefined();
    expect(run.attributes).toMatchObject({ 'messaging.batch.message_count': 3, 'error.type': 'RangeError' });
    expect(run.attributes).not.toHaveProperty(['messaging.message.id']);
    expect(new Set(run.links.map((link) => link.context.spanId))).toEqual(
      new Set(adds.map((add) => add.spanContext().spanId)),
    );
    expect(new Set(run.links.map(({ attributes }) => attributes?.['messaging.message.id']))).toEqual(
      new Set(added.map(({ id }) => id)),
    );
    expect(isChild(await spanOf('inside'), run)).toBe(true);
    expect(run.status.code).toBe(SpanStatusCode.ERROR);
    expect(run.events.map(({ name, attributes }) => [name, attributes?.['messaging.message.id']])).toEqual([
      ['exception', undefined],
      ['task', added[1]!.id],
    ]);
    expect(run.events[1]!.attributes![`${OURS}.outcome`]).toBe('failed');
  });

  it('that throws tells so once', async () => {
    class Batches {
      @TaskHandler('work', { batch: { size: 3, maxWait: '5s' } })
      work(): void {
        throw new Error('all');
      }
    }
    const { producer } = await startApp(moduleOptions(), [Batches]);
    await producer.addBulk([0, 1, 2].map((data) => ({ name: 'work', data })));
    const { events } = await spanOf('process default');
    expect(events.map(({ name }) => name)).toEqual(['exception', 'task', 'task', 'task']);
  });
});

describe('an add', () => {
  it('that fails is an error', async () => {
    const { producer } = await startApp({ ...moduleOptions(), defaults: { maxLength: 1 } });
    await producer.add('work');
    await expect(producer.add('work')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    const [, failed] = await spansOf('send default', 2);
    expect(failed!.status.code).toBe(SpanStatusCode.ERROR);
    expect(failed!.attributes['error.type']).toBe('QUEUE_FULL');
    await expect(producer.addBulk([{ name: 'work' }, { name: 'work' }])).rejects.toMatchObject({
      code: 'BULK_INCOMPLETE',
    });
    expect((await spansOf('send default', 3))[2]!.attributes['error.type']).toBe('BULK_INCOMPLETE');
  });

  it('of what is there tells of that', async () => {
    const { producer } = await startApp(moduleOptions());
    const { id } = await producer.add('work', 1, { unique: { key: 'k', until: 'finished' } });
    await producer.add('work', 2, { unique: { key: 'k', until: 'finished' } });
    const [, second] = await spansOf('send default', 2);
    expect(second!.attributes).toMatchObject({ 'messaging.message.id': id, [`${OURS}.outcome`]: 'duplicate' });
  });

  it('that replaces the data of another one has its task in its own trace', async () => {
    const { producer } = await start();
    const options = { debounce: { key: 'k', wait: 100 } };
    await producer.add('work', 1, options);
    await producer.add('work', 2, options);
    const adds = await spansOf('send default', 2);
    expect(adds.map(({ attributes }) => attributes[`${OURS}.outcome`])).toEqual(['created', 'replaced']);
    expect(isChild(await spanOf('process default'), adds[1]!)).toBe(true);
  });

  it('enters its trace behind all else, where it survives delays and dead letters', async () => {
    const { producer, app, status } = await start(
      (_, { attempt }) => {
        if (attempt === 1) throw new Error('once');
      },
      { expiresIn: '1h', attempts: 1 },
    );
    const { id } = await producer.add('work', { n: 1 }, { delay: 300, timeout: 5_000 });
    const [parked] = await fixture.redis.hvals(key('task_parked:{default}'));
    expect(parked).toMatch(
      /^{"id":"\w+","attempt":0,"name":"work","data":{"n":1},"timeout":5000,"trace":{"traceparent":"00-\w{32}-\w{16}-01"},"expiresAt":\d+}$/,
    );
    await reaches(status, id, 'failed');
    await app.get(TaskQueueAdmin).retry(id);
    const runs = await spansOf('process default', 2);
    const add = await spanOf('send default');
    expect(runs.every((run) => isChild(run, add))).toBe(true);
  });
});

describe('what others have written', () => {
  const push = (trace: unknown): Promise<number> =>
    fixture.redis.lpush(key('task_queue:{default}'), JSON.stringify({ name: 'work', data: 1, trace }));

  it('is taken up, if it is a trace', async () => {
    await push({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'x=1' });
    await start();
    const { parentSpanContext } = await spanOf('process default');
    expect(parentSpanContext).toMatchObject({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isRemote: true });
    expect(parentSpanContext?.traceState?.get('x')).toBe('1');
  });

  it.each<{ hostile: unknown }>([
    { hostile: null },
    { hostile: 7 },
    { hostile: 'text' },
    { hostile: [] },
    { hostile: ['00-x'] },
    { hostile: {} },
    { hostile: { traceparent: 7 } },
    { hostile: { traceparent: {} } },
    { hostile: { traceparent: 'x'.repeat(100_000) } },
    { hostile: { traceparent: '00-zz-zz-01' } },
    { hostile: { constructor: 'x', toString: 'x', hasOwnProperty: 'x' } },
    { hostile: Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, 'x'])) },
  ])('is ignored, if it is none, and the task runs (%#)', async ({ hostile }) => {
    await push(hostile);
    await start();
    const { attributes, parentSpanContext } = await spanOf('process default');
    expect(attributes[`${OURS}.outcome`]).toBe('completed');
    expect(parentSpanContext).toBeUndefined();
  });
});

it('a context that is active where the worker starts, or where tasks are claimed, is that of no task', async () => {
  const { producer } = await within('start', () => start(() => delay(1)));
  await fixture.redis.lpush(key('task_queue:{default}'), '{"name":"work"}');
  await within('other', () => producer.add('work'));
  const run = (await spansOf('process default', 2)).find(({ parentSpanContext }) => !parentSpanContext)!;
  expect(traceOf(run)).not.toBe(traceOf(await spanOf('start')));
  expect(traceOf(run)).not.toBe(traceOf(await spanOf('other')));
});

import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { Observable } from 'rxjs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TaskContext, TaskHandler, TaskProducer, TaskScheduler } from '../../../lib/index.js';
import { isChild, traceOf, within } from '../../support/recorded-telemetry.js';
import { startScript } from '../../support/start-script.js';
import { startApp } from '../../support/test-app.js';
import { OURS, tracedApps } from '../../support/traced-apps.js';

const { fixture, sdk, key, moduleOptions, start } = tracedApps('traces');

describe('one task', () => {
  it('is one trace: a span of the add, below it that of the run, below that what the handler does', async () => {
    const { producer } = await start(() => within('inside', () => delay(2)));
    const { id } = await within('request', () => producer.add('work', 'secret'));
    const [run, inside] = [await sdk.first('process default'), await sdk.first('inside')];
    const [request, add] = [await sdk.first('request'), await sdk.first('send default')];
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
    const add = (await sdk.first('send default')).spanContext();
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
    const runs = await sdk.ended('process default', 3);
    const adds = await sdk.ended('send default', 3);
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
      const runs = await sdk.ended('process default', 40);
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
    expect((await sdk.first('process default')).parentSpanContext).toBeUndefined();
  });
});

describe('what others have written', () => {
  const push = (trace: unknown): Promise<number> =>
    fixture.redis.lpush(key('task_queue:{default}'), JSON.stringify({ name: 'work', data: 1, trace }));

  it('is taken up, if it is a trace', async () => {
    await push({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'x=1' });
    await start();
    const { parentSpanContext } = await sdk.first('process default');
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
    const { attributes, parentSpanContext } = await sdk.first('process default');
    expect(attributes[`${OURS}.outcome`]).toBe('completed');
    expect(parentSpanContext).toBeUndefined();
  });
});

it('a context that is active where the worker starts, or where tasks are claimed, is that of no task', async () => {
  const { producer } = await within('start', () => start(() => delay(1)));
  await fixture.redis.lpush(key('task_queue:{default}'), '{"name":"work"}');
  await within('other', () => producer.add('work'));
  const run = (await sdk.ended('process default', 2)).find(({ parentSpanContext }) => !parentSpanContext)!;
  expect(traceOf(run)).not.toBe(traceOf(await sdk.first('start')));
  expect(traceOf(run)).not.toBe(traceOf(await sdk.first('other')));
});

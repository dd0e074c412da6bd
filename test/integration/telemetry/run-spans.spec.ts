import { SpanStatusCode } from '@opentelemetry/api';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import {
  FailTask,
  RateLimited,
  RetryTask,
  SnoozeTask,
  TaskContext,
  TaskHandler,
  TaskQueueAdmin,
} from '../../../lib/index.js';
import { RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { isChild, traceOf, within } from '../../support/recorded-telemetry.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';
import { OURS, tracedApps } from '../../support/traced-apps.js';

const { fixture, sdk, key, moduleOptions, start } = tracedApps('run-spans');

describe('attempts', () => {
  it('are spans of one trace, and what fails is an error with an exception', async () => {
    const { producer } = await start(
      (_, { attempt }) => {
        if (attempt < 3) throw new TypeError(`broken ${attempt}`);
      },
      { attempts: 3, backoff: 1 },
    );
    await producer.add('work');
    const runs = await sdk.ended('process default', 3);
    const add = await sdk.first('send default');
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
    expect(exception!.attributes!['exception.stacktrace']).toContain('run-spans.spec.ts');
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
    const { attributes, status, events } = await sdk.first('process default');
    expect(attributes[`${OURS}.outcome`]).toBe(outcome);
    expect(status.code).toBe(code);
    expect(attributes['error.type']).toBe(errorType);
    expect(events.length).toBe(code === ERROR ? 1 : 0);
    expect(JSON.stringify([attributes, status, events])).not.toContain('hidden data');
  });

  it('that take too long end in time, as an error', async () => {
    const { producer } = await start(() => delay(1_000), { timeout: 20 });
    await producer.add('work');
    const { attributes, status } = await sdk.first('process default');
    expect(status.code).toBe(ERROR);
    expect(attributes).toMatchObject({ 'error.type': 'TASK_TIMEOUT', [`${OURS}.outcome`]: 'failed' });
  });

  it('that are called off end cancelled, which is no error', async () => {
    const { producer, app, status } = await start((_, { signal }) => delay(10_000, undefined, { signal }));
    const { id } = await producer.add('work');
    await reaches(status, id, 'active');
    await app.get(TaskQueueAdmin).cancel(id);
    await eventually(() => sdk.named('process default')[0], { timeoutMs: 20_000 });
    const run = await sdk.first('process default');
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
    const runs = await sdk.ended('process default', 2);
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
    expect((await sdk.first('process default')).attributes[`${OURS}.outcome`]).toBe('released');
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
    const run = await sdk.first('process default');
    const adds = await sdk.ended('send default', 3);
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
    expect(isChild(await sdk.first('inside'), run)).toBe(true);
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
    const { events } = await sdk.first('process default');
    expect(events.map(({ name }) => name)).toEqual(['exception', 'task', 'task', 'task']);
  });
});

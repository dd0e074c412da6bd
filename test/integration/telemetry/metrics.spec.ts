import type { Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as delay } from 'node:timers/promises';
import { FailTask, TaskHandler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { RecordedTelemetry } from '../../support/recorded-telemetry.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('metrics');
const sdk = new RecordedTelemetry();
const TASK_NAME = 'messaging.redis_task_queue.task.name';

beforeAll(() => void sdk.start());
beforeEach(() => sdk.clear());
afterAll(() => sdk.stop());

class Tasks {
  @TaskHandler('quick', { queue: 'email' })
  async quick(fails: boolean): Promise<void> {
    await delay(2);
    if (fails) throw new FailTask('no');
  }

  @TaskHandler('together', { queue: 'big', batch: { size: 4, maxWait: '5s' } })
  together(): void {}
}

async function start(options: { maxLength?: number } = {}): Promise<TestApp> {
  const module = { redis: fixture.url, prefix: fixture.prefix, telemetry: true, defaults: options };
  return startApp(module, options.maxLength === undefined ? [Tasks] : []);
}

/** What there is of one metric, each with what it is about as one line. */
function pointsOf(metric: MetricData | undefined): Record<string, unknown> {
  return Object.fromEntries(
    (metric?.dataPoints ?? []).map(({ attributes, value }) => {
      const facts = ['messaging.operation.name', 'messaging.destination.name', TASK_NAME, 'error.type'];
      expect(attributes['messaging.system']).toBe('redis_task_queue');
      const count = typeof value === 'number' ? value : value.count;
      return [facts.flatMap((fact) => attributes[fact] ?? []).join(' '), count];
    }),
  );
}

const ended = (count: number): Promise<unknown> =>
  eventually(() => sdk.spans.filter(({ name }) => name.startsWith('process')).length === count);

describe('metrics', () => {
  it('count what is sent and consumed, and tell how long that takes, by queue, name and error', async () => {
    const { producer } = await start();
    await Promise.all([false, false, true].map((fails) => producer.add('quick', fails)));
    await producer.addBulk([
      ...Array.from({ length: 4 }, () => ({ name: 'together' })),
      { name: 'quick', data: false },
    ]);
    await ended(5);
    const metrics = await sdk.metrics();
    expect(pointsOf(metrics.get('messaging.client.sent.messages'))).toEqual({
      'send email quick': 4,
      'send big together': 4,
    });
    expect(pointsOf(metrics.get('messaging.client.consumed.messages'))).toEqual({
      'process email quick': 4,
      'process big together': 4,
    });
    const durations = metrics.get('messaging.process.duration');
    expect(pointsOf(durations)).toEqual({
      'process email quick': 3,
      'process email quick FailTask': 1,
      'process big together': 1,
    });
    expect(durations?.descriptor.unit).toBe('s');
    const quick = durations?.dataPoints.find(({ attributes }) => attributes[TASK_NAME] === 'quick');
    const { min, sum, buckets } = quick!.value as Histogram;
    expect(min).toBeGreaterThanOrEqual(0.0015);
    expect(sum).toBeLessThan(5);
    expect(buckets.boundaries).toContain(0.075);
    expect(pointsOf(metrics.get('messaging.client.operation.duration'))).toEqual({ 'send email quick': 3, send: 1 });
  });

  it('tell of a bulk what was added of it, and what was not', async () => {
    const { producer } = await start({ maxLength: 2 });
    const rows = Array.from({ length: 3 }, () => ({ name: 'quick', queue: 'email' }));
    await producer.addBulk(rows.slice(0, 2));
    await expect(producer.addBulk([{ name: 'quick', queue: 'other' }, ...rows])).rejects.toMatchObject({
      code: 'BULK_INCOMPLETE',
    });
    expect(pointsOf((await sdk.metrics()).get('messaging.client.sent.messages'))).toEqual({
      'send email quick': 2,
      'send other quick': 1,
      'send email quick BULK_INCOMPLETE': 3,
    });
  });
});

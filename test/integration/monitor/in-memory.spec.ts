import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { TaskProducer, TaskQueueMonitor } from '../../../lib/index.js';
import { RedisTaskQueueTestingModule, TaskQueueTester } from '../../../lib/testing/index.js';
import { readPrometheusText } from '../../support/prometheus-text.js';
import { CollectedLog } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

it('the monitor of an application under test tells the same as on Redis', async () => {
  const handler = workHandler((data: string, { attempt }) => {
    if (data === 'broken' || (data === 'flaky' && attempt === 1)) throw new Error(data);
  });
  const module = await Test.createTestingModule({
    imports: [RedisTaskQueueTestingModule.forRoot({ defaults: { attempts: 2, backoff: '1m' } })],
    providers: [handler],
  })
    .setLogger(new CollectedLog())
    .compile();
  await module.init();
  const [monitor, producer, tester] = [
    module.get(TaskQueueMonitor),
    module.get(TaskProducer),
    module.get(TaskQueueTester),
  ];
  const counts = async (): Promise<object> => monitor.counts('default');

  await producer.addBulk(['fine', 'flaky', 'broken'].map((data) => ({ name: 'work', data, queue: 'default' })));
  await producer.add('work', 'later', { queue: 'default', delay: '1h' });
  expect(await monitor.workers()).toMatchObject([{ queues: ['default'], busyCount: 0 }]);
  expect(await counts()).toMatchObject({ waiting: 3, scheduled: 1, active: 0, retrying: 0, failed: 0, paused: false });
  await tester.runNext();
  await tester.runNext();
  await tester.runNext();
  expect(await counts()).toMatchObject({ waiting: 0, scheduled: 1, retrying: 2, failed: 0 });
  await tester.advance('2m');
  expect(await monitor.workers()).toHaveLength(1);
  expect(await counts()).toMatchObject({ scheduled: 1, retrying: 0, failed: 1 });
  expect(await monitor.latency('default')).toEqual({ oldestWaitingMs: null, scheduledLagMs: 0 });
  expect(await monitor.queues()).toEqual(['default']);
  const runs = readPrometheusText(await monitor.prometheus()).get('task_queue_runs_total')?.samples;
  const ended = runs?.map(({ labels, value }) => [labels['outcome'], value]);
  expect(Object.fromEntries(ended ?? [])).toEqual({ completed: 2, failed: 1, retried: 2, cancelled: 0 });

  const now = tester.now.getTime();
  await module.close();
  const points = await monitor.history('default', new Date(now - 60_000), new Date(now + 60_000), 'minute');
  expect(points.reduce((sum, { completed }) => sum + completed, 0)).toBe(2);
  expect(points.reduce((sum, { runTime }) => sum + runTime.count, 0)).toBe(5);
});

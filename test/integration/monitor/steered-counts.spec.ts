import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { TaskQueueAdmin, TaskQueueMonitor } from '../../../lib/index.js';
import { ManualWorker, newTask } from '../../support/broker-fixture.js';
import { TaskBroker } from '../../../lib/broker/task-broker.js';
import { findDamages } from '../../support/find-damages.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp } from '../../support/test-app.js';

const fixture = redisFixture('steered-counts');
const q = partitionOf('q');

/** Queue `q` with three tasks that wait for their next attempt, and one that waits for its time. */
async function start(): Promise<{ admin: TaskQueueAdmin; monitor: TaskQueueMonitor; broker: TaskBroker }> {
  const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false });
  const broker = app.get(TaskBroker);
  const worker = await new ManualWorker(broker, q, 'w').join();
  const ids = ['a', 'b', 'c'];
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id)),
  );
  await worker.claim(3);
  await worker.exchange(
    0,
    ids.map((id) => ({ kind: 'retrying', id, error: '{"name":"E"}', ranMs: 1, delayMs: 3_600_000 })),
  );
  await broker.schedule(q, [{ ...newTask('later'), due: { inMs: 3_600_000 } }]);
  await broker.reports.enterQueue('q');
  await broker.leave(q, 'w');
  return { admin: app.get(TaskQueueAdmin), monitor: app.get(TaskQueueMonitor), broker };
}

describe('counts of tasks that wait for their next attempt', () => {
  it('follow what is removed', async () => {
    const { admin, monitor } = await start();
    expect(await monitor.counts('q')).toMatchObject({ scheduled: 1, retrying: 3 });
    await admin.remove('q:a');
    expect(await monitor.counts('q')).toMatchObject({ scheduled: 1, retrying: 2 });
    await admin.remove('q:later');
    expect(await monitor.counts('q')).toMatchObject({ scheduled: 0, retrying: 2 });
    expect(await findDamages(fixture, 'q')).toEqual([]);
  });

  it('follow what moves to another queue', async () => {
    const { admin, monitor } = await start();
    await admin.move('q', 'r', { state: 'retrying' });
    expect(await monitor.counts('q')).toMatchObject({ scheduled: 1, retrying: 0 });
    expect(await monitor.counts('r')).toMatchObject({ scheduled: 0, retrying: 3 });
    expect(await findDamages(fixture, 'r')).toEqual([]);
  });

  it('follow what is drained', async () => {
    const { admin, monitor } = await start();
    await admin.drain('q', { scheduled: true });
    expect(await monitor.counts('q')).toMatchObject({ scheduled: 0, retrying: 0 });
    expect(await fixture.keys()).not.toContain('task_scheduled:{q}:retrying');
  });

  it('are those of a new queue after an obliteration, which forgets the name, too', async () => {
    const { admin, monitor } = await start();
    expect(await monitor.queues()).toContain('q');
    await admin.obliterate('q', { dryRun: true });
    expect(await monitor.queues()).toContain('q');
    await admin.obliterate('q');
    expect(await monitor.counts('q')).toMatchObject({ scheduled: 0, retrying: 0 });
    expect(await monitor.queues()).not.toContain('q');
    expect(await fixture.keys()).toEqual([]);
  });

  it('say whether a queue is paused', async () => {
    const { admin, monitor } = await start();
    await admin.pause('q');
    expect(await monitor.counts('q')).toMatchObject({ paused: true });
    await admin.resume('q');
    expect(await monitor.counts('q')).toMatchObject({ paused: false });
  });
});

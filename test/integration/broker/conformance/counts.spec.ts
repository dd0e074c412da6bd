import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { QueueCounts } from '../../../../lib/broker/queue-readings.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { ManualWorker, newTask, RETENTION } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-counts'))('$name: counts', (stage) => {
  const q = partitionOf('q');
  const error = '{"name":"E","message":"m"}';

  /** Those that are not 0. */
  async function counted(broker: TaskBroker): Promise<Partial<QueueCounts>> {
    const { paused, ...counts } = await broker.readings.counts(q);
    expect(paused).toBe(false);
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
  }

  it('are 0 where there is nothing', async () => {
    expect(await counted(stage.open())).toEqual({});
  });

  it('tell where tasks wait, whatever their priorities and groups are', async () => {
    const broker = stage.open();
    const places = [{}, {}, { priority: 5 }, { priority: -5 }, { group: 'g' }, { group: 'g' }, { group: 'h' }];
    const tasks = places.map((place, n) => newTask(`t${n}`, place));
    await broker.enqueue(q, tasks, { inLanes: true });
    expect(await counted(broker)).toEqual({ waiting: 7 });
    const worker = await new ManualWorker(broker, q, 'w').join();
    const other = await new ManualWorker(broker, q, 'v').join();
    await worker.claim(3);
    await other.claim(2);
    expect(await counted(broker)).toEqual({ waiting: 2, active: 5 });
  });

  it('tell what waits for its time from what waits for its next attempt, until both are due', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.schedule(q, [{ ...newTask('later'), due: { inMs: 60_000 } }]);
    await broker.enqueue(
      q,
      ['retried', 'snoozed', 'deferred', 'dead'].map((id) => newTask(id)),
    );
    await worker.claim(4);
    await worker.exchange(0, [
      { kind: 'retrying', id: 'retried', error, ranMs: 1, delayMs: 20 },
      { kind: 'snoozed', id: 'snoozed', delayMs: 60_000 },
      { kind: 'deferred', id: 'deferred', delayMs: 60_000 },
      { kind: 'failed', id: 'dead', error, ranMs: 1, ttlMs: 3_600_000 },
    ]);
    expect(await counted(broker)).toEqual({ scheduled: 3, retrying: 1, failed: 1 });
    await stage.passes(25);
    expect(await worker.claim(1)).toEqual(['retried']);
    expect(await counted(broker)).toEqual({ scheduled: 3, active: 1, failed: 1 });
    await worker.exchange(0, [{ kind: 'snoozed', id: 'retried', delayMs: 60_000 }]);
    expect(await counted(broker)).toEqual({ scheduled: 4, failed: 1 });
  });

  it('follow what is done to tasks that wait for their next attempt', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(
      q,
      ['a', 'b', 'c'].map((id) => newTask(id)),
    );
    await worker.claim(3);
    const outcomes = ['a', 'b', 'c'].map((id) => ({ kind: 'retrying', id, error, ranMs: 1, delayMs: 60_000 }) as const);
    await worker.exchange(0, outcomes);
    expect(await counted(broker)).toEqual({ retrying: 3 });
    await broker.steering.cancel(q, 'a', 'off', 60_000);
    await broker.steering.reschedule(q, 'b', { inMs: 120_000 });
    expect(await counted(broker)).toEqual({ retrying: 2 });
    await broker.steering.reschedule(q, 'c', { inMs: 0 });
    await stage.passes(1);
    expect(await worker.claim(1)).toEqual(['c']);
    expect(await counted(broker)).toEqual({ retrying: 1, active: 1 });
  });

  it('keep what a dead worker held among the active ones until others have taken it over', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w', { leaseMs: 20 }).join();
    await broker.enqueue(q, [newTask('a')]);
    await worker.claim(1);
    await stage.passes(25);
    expect(await counted(broker)).toEqual({ active: 1 });
    await broker.recover(q, 2, RETENTION);
    expect(await counted(broker)).toEqual({ waiting: 1 });
  });

  it('the lag of what waits for its time is that of the one that is due first', async () => {
    const broker = stage.open();
    const lag = async (): Promise<number | null> => broker.readings.scheduledLag(q);
    expect(await lag()).toBeNull();
    await broker.schedule(q, [{ ...newTask('a'), due: { inMs: 60_000 } }]);
    expect(await lag()).toBe(0);
    const now = await stage.now();
    await broker.schedule(q, [{ ...newTask('b'), due: { atMs: now + 5 } }]);
    await stage.passes(30);
    expect(await lag()).toBeGreaterThanOrEqual(25);
    await new ManualWorker(broker, q, 'w').join().then((worker) => worker.claim(1));
    expect(await lag()).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import type { NewSchedule, Overlap } from '../../../../lib/broker/schedule-store.js';
import { completed, ManualWorker, MAX_LOST, RETENTION } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';
import { newSchedule, tick, tickId } from '../../../support/ticks.js';

describe.each(stages('conformance-schedules'))('$name: schedules', (stage) => {
  const q = partitionOf('q');

  /** By the clock of the broker, in whole seconds. */
  async function at(seconds: number): Promise<number> {
    return (Math.floor((await stage.now()) / 1_000) - seconds) * 1_000;
  }

  async function start(overlap: Overlap = 'allow'): Promise<{ broker: TaskBroker; worker: ManualWorker; t: number }> {
    const broker = stage.open();
    const t = await at(60);
    await broker.schedules.upsert(q, newSchedule('s', { overlap }), t, undefined);
    return { broker, worker: await new ManualWorker(broker, q, 'w').join(), t };
  }

  describe('a tick', () => {
    it('is made once, however many try, and the task says which schedule and when', async () => {
      const { broker, worker, t } = await start();
      const other = stage.open();
      const answers = await Promise.all([broker, other, broker, other].map((each) => tick(each, 's', [t])));
      expect(answers.filter((answer) => answer !== null)).toEqual([['made']]);
      expect(await tick(broker, 's', [t]), 'and again later').toBeNull();

      const reply = await worker.exchange(5);
      expect(reply?.claimed.map(decodeEnvelope)).toMatchObject([
        { id: tickId('s', t), name: 'work', attempt: 0, data: { a: 1 }, options: { attempts: 3 } },
      ]);
      expect(await broker.statuses(q, [tickId('s', t)])).toMatchObject([{ state: 'active', name: 'work' }]);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ nextMs: t + 1_000, lastMs: t });
    });

    it('is not made before its time, nor by a timing that has changed, nor while it is paused or removed', async () => {
      const { broker, t } = await start();
      const soon = await at(-5);
      await tick(broker, 's', [t], soon);
      expect(await tick(broker, 's', [soon])).toBeNull();

      await broker.schedules.upsert(q, newSchedule('s', { timing: '{"everyMs":2000}' }), t + 2_000, undefined);
      expect(await tick(broker, 's', [t + 2_000])).toBeNull();
      await broker.schedules.upsert(q, newSchedule('s'), t + 3_000, undefined);
      await broker.schedules.pause(q, 's');
      expect(await tick(broker, 's', [t + 3_000])).toBeNull();
      expect(await broker.schedules.resume(q, 's', newSchedule('s').timing, t + 4_000)).toBe(true);
      await broker.schedules.remove(q, 's');
      expect(await tick(broker, 's', [t + 4_000])).toBeNull();
    });

    it('is left out where the queue is full, and expires so long after it was made', async () => {
      const { broker, worker, t } = await start();
      await broker.schedules.upsert(q, newSchedule('s', { expiresInMs: 5_000 }), t, undefined);
      const request = { name: 's', timing: newSchedule('s').timing, tickMs: t, ticks: [t, t + 1_000] };
      expect(await broker.schedules.tick(q, { ...request, nextMs: null, maxLength: 1 })).toEqual(['made', 'full']);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ nextMs: null, skippedMs: t + 1_000 });
      const [envelope] = (await worker.exchange(1))?.claimed ?? [];
      const left = Number(decodeEnvelope(envelope ?? '').options?.expiresAt) - (await at(0));
      expect(left).toBeGreaterThan(3_000);
      expect(left).toBeLessThanOrEqual(6_000);
    });

    it('of a schedule with any name has an id that comes back', async () => {
      const { broker, worker, t } = await start();
      const names = ['a/b', 'a:b', 'a"b\\', 'é☃😀', '{q}'];
      for (const name of names) {
        await broker.schedules.upsert(q, newSchedule(name), t, undefined);
        expect(await tick(broker, name, [t])).toEqual(['made']);
      }
      expect(await worker.claim(9)).toEqual(names.map((name) => tickId(name, t)));
    });
  });

  describe('overlap', () => {
    it('allow: each tick is a task', async () => {
      const { broker, t } = await start('allow');
      expect(await tick(broker, 's', [t, t + 1_000])).toEqual(['made', 'made']);
    });

    it('skip: none is made until the one before has ended, and the schedule says so', async () => {
      const { broker, worker, t } = await start('skip');
      expect(await tick(broker, 's', [t, t + 1_000])).toEqual(['made', 'skipped']);
      await worker.claim(1);
      expect(await tick(broker, 's', [t + 2_000]), 'it runs').toEqual(['skipped']);
      await worker.exchange(0, [{ kind: 'retrying', id: tickId('s', t), error: '{}', ranMs: 1, delayMs: 60_000 }]);
      expect(await tick(broker, 's', [t + 3_000]), 'another attempt follows').toEqual(['skipped']);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ lastMs: t + 3_000, skippedMs: t + 3_000 });
      await broker.steering.cancel(q, tickId('s', t), 'no', 1_000);
      expect(await tick(broker, 's', [t + 4_000]), 'it has ended').toEqual(['made']);
    });

    it('queue: one tick waits, further ones are left out; it comes when the one before has ended', async () => {
      const { broker, worker, t } = await start('queue');
      expect(await tick(broker, 's', [t, t + 1_000, t + 2_000])).toEqual(['made', 'queued', 'skipped']);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ queued: new Date(t + 1_000).toISOString() });

      expect(await worker.claim(5)).toEqual([tickId('s', t)]);
      const reply = await worker.exchange(5, [completed(tickId('s', t))]);
      expect(
        reply?.claimed.map((text) => decodeEnvelope(text).id),
        'in the same call',
      ).toEqual([tickId('s', t + 1_000)]);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ queued: null });
      expect(await tick(broker, 's', [t + 3_000])).toEqual(['queued']);
      await worker.exchange(0, [completed(tickId('s', t + 1_000), { ttlMs: 0 })]);
      expect(await worker.claim(5)).toEqual([tickId('s', t + 3_000)]);
    });

    it.each<[how: string, end: (broker: TaskBroker, worker: ManualWorker, id: string) => Promise<unknown>]>([
      [
        'it failed for good',
        async (_, worker, id) => {
          await worker.claim(1);
          await worker.exchange(0, [{ kind: 'failed', id, error: '{}', ranMs: 1, ttlMs: 60_000 }]);
        },
      ],
      [
        'it failed and nothing is kept',
        async (_, worker, id) => {
          await worker.claim(1);
          await worker.exchange(0, [{ kind: 'failed', id, error: '{}', ranMs: 1, ttlMs: 0 }]);
        },
      ],
      [
        'it was cancelled while it waited',
        async (broker, worker, id) => {
          await broker.steering.cancel(q, id, 'no', 60_000);
          await worker.exchange(0);
        },
      ],
      [
        'it was cancelled while it ran',
        async (broker, worker, id) => {
          await worker.claim(1);
          await broker.steering.cancel(q, id, 'no', 60_000);
          await worker.exchange(0, [completed(id)]);
        },
      ],
      [
        'it expired',
        async (_, worker, id) => {
          await worker.claim(1);
          await worker.exchange(0, [{ kind: 'expired', id, ttlMs: 60_000 }]);
        },
      ],
      [
        'it was lost too often',
        async (broker, _, id) => {
          const dying = await new ManualWorker(broker, q, 'dying', { leaseMs: 1 }).join();
          await dying.claim(1);
          await stage.passes(20);
          expect((await broker.recover(q, 0, RETENTION))?.buried).toEqual([id]);
        },
      ],
    ])('queue: what waits comes also when %s', async (_, end) => {
      const { broker, worker, t } = await start('queue');
      expect(await tick(broker, 's', [t, t + 1_000])).toEqual(['made', 'queued']);
      await end(broker, worker, tickId('s', t));
      expect(await worker.claim(5)).toEqual([tickId('s', t + 1_000)]);
    });

    it('queue: what waits does not come while the one before comes again', async () => {
      const { broker, worker, t } = await start('queue');
      await tick(broker, 's', [t, t + 1_000]);
      const dying = await new ManualWorker(broker, q, 'dying', { leaseMs: 1 }).join();
      await dying.claim(1);
      await stage.passes(20);
      expect((await broker.recover(q, MAX_LOST, RETENTION))?.returned).toEqual([tickId('s', t)]);
      expect(await worker.claim(5)).toEqual([tickId('s', t)]);
    });
  });

  describe('a schedule', () => {
    it('keeps its next tick, and whether it is paused, until its timing changes', async () => {
      const { broker, t } = await start();
      const upsert = async (more: Partial<NewSchedule>, nextMs: number): Promise<unknown> =>
        broker.schedules.upsert(q, newSchedule('s', more), nextMs, undefined);
      expect(await upsert({}, t + 5_000)).toEqual({ kind: 'unchanged', nextMs: t });
      expect(await upsert({ catchUp: 'none' }, t + 5_000)).toEqual({ kind: 'changed', nextMs: t });
      expect(await upsert({ timing: '{"everyMs":7}' }, t + 7_000)).toEqual({ kind: 'changed', nextMs: t + 7_000 });
      expect(await broker.schedules.get(q, 's')).toMatchObject({ timing: '{"everyMs":7}', catchUp: 'last' });
      await broker.schedules.pause(q, 's');
      expect(await upsert({ timing: '{"everyMs":8}' }, t + 8_000)).toEqual({ kind: 'changed', nextMs: null });
      expect(await broker.schedules.resume(q, 's', '{"everyMs":7}', t + 9_000)).toBe('changed');
      expect(await broker.schedules.resume(q, 's', '{"everyMs":8}', t + 9_000)).toBe(true);
      expect(await broker.schedules.resume(q, 's', '{"everyMs":8}', t + 99_000), 'again').toBe(true);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ isPaused: false, nextMs: t + 9_000 });
    });

    it('loses what it does not have any more, such as when its tasks expire', async () => {
      const { broker, t } = await start();
      await broker.schedules.upsert(q, newSchedule('s', { expiresInMs: 5 }), t, undefined);
      expect(await broker.schedules.get(q, 's')).toMatchObject({ expiresInMs: 5 });
      await broker.schedules.upsert(q, newSchedule('s'), t, undefined);
      expect((await broker.schedules.get(q, 's'))?.expiresInMs).toBeUndefined();
    });

    it('that somebody else owns is not declared again, nor removed', async () => {
      const { broker, t } = await start();
      const declare = async (owner: string | undefined): Promise<unknown> =>
        broker.schedules.upsert(q, newSchedule('d', { catchUp: owner ?? '' }), t, { owner });
      expect(await declare('one')).toMatchObject({ kind: 'created' });
      expect(await declare('two')).toEqual({ kind: 'owned', owner: 'one' });
      expect(await declare(undefined)).toEqual({ kind: 'owned', owner: 'one' });
      expect(await broker.schedules.remove(q, 'd', 'two')).toBe(false);
      expect(await broker.schedules.upsert(q, newSchedule('d'), t, undefined), 'by hand').toMatchObject({
        kind: 'changed',
      });
      expect(await broker.schedules.get(q, 'd')).toMatchObject({ owner: 'one', isDeclared: true });
      expect(await broker.schedules.remove(q, 'd', 'one')).toBe(true);
      expect(await broker.schedules.remove(q, 'd')).toBe(false);
    });

    it('runs out of turn, once for each id', async () => {
      const { broker, worker } = await start();
      expect(await broker.schedules.run(q, 's', 'id1', 1)).toBe('made');
      expect(await broker.schedules.run(q, 's', 'id1', 1), 'sent again').toBe('made');
      expect(await broker.schedules.run(q, 's', 'id2', 1)).toBe('full');
      expect(await broker.schedules.run(q, 'unknown', 'id3', 1)).toBeNull();
      expect(await worker.claim(5)).toEqual(['id1']);
    });
  });
});

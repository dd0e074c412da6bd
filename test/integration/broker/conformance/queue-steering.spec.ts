import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { BulkFilter, BulkPlace } from '../../../../lib/broker/queue-steering.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

const q = partitionOf('q');
const TTL_MS = 60_000;

/** Ends what waits there. @returns how many */
async function end(broker: TaskBroker, places: BulkPlace[], filter: BulkFilter = {}, isDry = false): Promise<number> {
  let count = 0;
  for (const place of places) {
    let cursor: string | null = null;
    do {
      const action = { kind: 'end', reason: 'drained', ttlMs: TTL_MS } as const;
      const page = await broker.queues.walk(q, { place, action, filter, isDry }, cursor);
      count += page.done;
      cursor = page.next;
    } while (cursor !== null);
  }
  return count;
}

async function lists(broker: TaskBroker): Promise<BulkPlace[]> {
  return (await broker.queues.lists(q)).map((list) => ({ kind: 'list', list }));
}

describe.each(stages('conformance-queue-steering'))('$name: steering of queues', (stage) => {
  async function stateOf(broker: TaskBroker, id: string): Promise<string | undefined> {
    return (await broker.statuses(q, [id]))[0]?.state;
  }

  describe('a paused queue', () => {
    it('gives nothing to workers, however it waits, until it is resumed', async () => {
      const broker = stage.open();
      await broker.enqueue(q, [newTask('a'), newTask('high', { priority: 5 }), newTask('g', { group: 'x' })], {
        inLanes: true,
      });
      const worker = await new ManualWorker(broker, q, 'w1').join();
      expect(await broker.queues.isPaused(q)).toBe(false);
      expect(await broker.queues.pause(q)).toBe(true);
      expect(await broker.queues.pause(q)).toBe(false);
      expect(await broker.queues.isPaused(q)).toBe(true);
      expect((await broker.readings.counts(q)).paused).toBe(true);
      const reply = await worker.exchange(10);
      expect(reply).toMatchObject({ claimed: [], more: false, isHeldUp: true, nextDueMs: null });
      expect(await broker.queues.resume(q)).toBe(true);
      expect(await broker.queues.resume(q)).toBe(false);
      expect(await broker.queues.isPaused(q)).toBe(false);
      expect((await broker.readings.counts(q)).paused).toBe(false);
      expect((await worker.claim(10)).sort()).toEqual(['a', 'g', 'high']);
    });

    it('takes tasks, and outcomes of those that run', async () => {
      const broker = stage.open();
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await broker.enqueue(q, [newTask('a')]);
      expect(await worker.claim(1)).toEqual(['a']);
      await broker.queues.pause(q);
      expect(await broker.enqueue(q, [newTask('b')])).toEqual(['created']);
      expect(await worker.exchange(1, [completed('a')])).toMatchObject({ claimed: [], refused: [] });
      expect(await stateOf(broker, 'a')).toBe('completed');
      expect(await stateOf(broker, 'b')).toBe('waiting');
    });

    it('lets what is due join the line, and says when something is due next', async () => {
      const broker = stage.open();
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await broker.queues.pause(q);
      await broker.schedule(q, [{ ...newTask('soon'), due: { inMs: 0 } }]);
      await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
      const reply = await worker.exchange(1);
      expect(await stateOf(broker, 'soon')).toBe('waiting');
      expect(reply).toMatchObject({ claimed: [], isHeldUp: true });
      expect(reply?.nextDueMs).toBeGreaterThan(50_000);
    });

    it('is not cut short by a handler that was told to wait, which still counts after it', async () => {
      const broker = stage.open();
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await broker.enqueue(q, [newTask('a')]);
      await worker.claim(1);
      await broker.queues.pause(q);
      await worker.exchange(0, [{ kind: 'limited', id: 'a', delayMs: 400 }]);
      expect(await broker.queues.isPaused(q)).toBe(true);
      await broker.queues.resume(q);
      const reply = await worker.exchange(1);
      expect(reply).toMatchObject({ claimed: [], isHeldUp: true });
      expect(reply?.nextDueMs).toBeGreaterThan(0);
      await stage.passes(400);
      expect(await worker.claim(1)).toEqual(['a']);
    });

    it('does not forget what handlers were told before it was paused', async () => {
      const broker = stage.open();
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await broker.enqueue(q, [newTask('a')]);
      await worker.claim(1);
      await worker.exchange(0, [{ kind: 'limited', id: 'a', delayMs: 60_000 }]);
      await broker.queues.pause(q);
      await broker.queues.resume(q);
      expect((await worker.exchange(1))?.nextDueMs).toBeGreaterThan(50_000);
    });

    it('wakes whoever sleeps when it is resumed', async () => {
      const broker = stage.open();
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await broker.queues.pause(q);
      await broker.enqueue(q, [newTask('a')]);
      await worker.exchange(1);
      const sleeping = broker.sleep({
        partitions: [],
        heldUp: [],
        workers: [{ partition: q, worker: 'w1' }],
        timeoutMs: 4_000,
      });
      await stage.open().queues.resume(q);
      expect(await sleeping).toMatchObject({ partition: q, isPersonal: true });
    });
  });

  describe('ending what waits', () => {
    it('leaves nothing to claim, says so in each status, and frees keys', async () => {
      const broker = stage.open();
      await broker.enqueue(
        q,
        [
          newTask('a'),
          newTask('high', { priority: 5 }),
          newTask('g', { group: 'x' }),
          newTask('low', { priority: -2 }),
        ],
        { inLanes: true },
      );
      const lock = { key: 'k', until: 'finished' } as const;
      await broker.addLocked(q, [{ ...newTask('one-u'), lock }]);
      await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
      expect(await end(broker, await lists(broker), {}, true)).toBe(5);
      expect(await stateOf(broker, 'g')).toBe('waiting');
      expect(await end(broker, await lists(broker))).toBe(5);
      for (const id of ['a', 'high', 'g', 'low', 'one-u']) {
        expect((await broker.statuses(q, [id]))[0]).toMatchObject({ state: 'cancelled', reason: 'drained' });
      }
      expect(await stateOf(broker, 'late')).toBe('scheduled');
      expect(await broker.addLocked(q, [{ ...newTask('two-u'), lock }])).toEqual(['created']);
      const worker = await new ManualWorker(broker, q, 'w1').join();
      expect(await worker.claim(10)).toEqual(['two-u']);
    });

    it('concerns what waits for its time, by state', async () => {
      const broker = stage.open();
      await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
      await broker.enqueue(q, [newTask('a')]);
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await worker.claim(1);
      await worker.exchange(0, [{ kind: 'retrying', id: 'a', error: '{}', ranMs: 0, delayMs: 60_000 }]);
      expect(await end(broker, [{ kind: 'scheduled', state: 'retrying' }])).toBe(1);
      expect([await stateOf(broker, 'a'), await stateOf(broker, 'late')]).toEqual(['cancelled', 'scheduled']);
      expect(await end(broker, [{ kind: 'scheduled' }])).toBe(1);
      expect(await stateOf(broker, 'late')).toBe('cancelled');
    });

    it('drops what was called off without counting it, and keeps its reason', async () => {
      const broker = stage.open();
      await broker.enqueue(q, [newTask('a'), newTask('b')]);
      await broker.steering.cancel(q, 'a', 'not wanted', TTL_MS);
      expect(await end(broker, await lists(broker))).toBe(1);
      expect((await broker.statuses(q, ['a']))[0]).toMatchObject({ state: 'cancelled', reason: 'not wanted' });
    });

    it('keeps what the filter does not mean', async () => {
      const broker = stage.open();
      await broker.enqueue(q, [
        newTask('a', { name: 'mail' }),
        newTask('b', { name: 'bill' }),
        newTask('c', { name: 'mail' }),
      ]);
      expect(await end(broker, await lists(broker), { name: 'mail' })).toBe(2);
      expect(await end(broker, await lists(broker), { text: 'nowhere' })).toBe(0);
      expect(await end(broker, await lists(broker), { addedUntilMs: (await stage.now()) - 60_000 })).toBe(0);
      const worker = await new ManualWorker(broker, q, 'w1').join();
      expect(await worker.claim(10)).toEqual(['b']);
    });
  });

  describe('removing a task', () => {
    it('works wherever it stands, and not while a worker holds it', async () => {
      const broker = stage.open();
      const worker = await new ManualWorker(broker, q, 'w1').join();
      await broker.enqueue(q, [newTask('held'), newTask('dead'), newTask('done'), newTask('retrying')]);
      await worker.claim(4);
      await worker.exchange(0, [
        { kind: 'failed', id: 'dead', error: '{}', ranMs: 0, ttlMs: TTL_MS },
        completed('done'),
        { kind: 'retrying', id: 'retrying', error: '{}', ranMs: 0, delayMs: 60_000 },
      ]);
      await broker.enqueue(
        q,
        [newTask('a'), newTask('high', { priority: 5 }), newTask('g', { group: 'x' }), newTask('off')],
        {
          inLanes: true,
        },
      );
      await broker.steering.cancel(q, 'off', 'not wanted', TTL_MS);
      await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
      expect(await broker.steering.remove(q, 'held', false)).toBe(false);
      expect(await broker.steering.remove(q, 'unknown', false)).toBe(false);
      for (const id of ['dead', 'done', 'retrying', 'a', 'high', 'g', 'off', 'late']) {
        expect([id, await broker.steering.remove(q, id, false)]).toEqual([id, true]);
        expect([id, await broker.steering.remove(q, id, false)]).toEqual([id, false]);
        expect((await broker.statuses(q, [id]))[0]).toBeNull();
      }
      await broker.enqueue(q, [newTask('off'), newTask('last')]);
      expect(await worker.claim(10)).toEqual(['off', 'last']);
      expect(await broker.steering.deadLetters(q, null, 10)).toEqual([]);
    });

    it('frees the key that it holds, and what waits for its end', async () => {
      const broker = stage.open();
      const lock = { key: 'k', until: 'finished' } as const;
      await broker.addLocked(q, [{ ...newTask('one-u'), lock }]);
      expect(await broker.addLocked(q, [{ ...newTask('two-u'), lock }])).toEqual([{ heldBy: 'one-u' }]);
      expect(await broker.steering.remove(q, 'one-u', false)).toBe(true);
      expect(await broker.addLocked(q, [{ ...newTask('three-u'), lock }])).toEqual(['created']);
    });

    it('finds what has no status', async () => {
      const broker = stage.open();
      const tasks = ['a', 'b', 'c'].map((id) => newTask(id));
      await broker.enqueue(q, tasks, { withStatus: false });
      await broker.enqueue(q, [newTask('g', { group: 'x' })], { withStatus: false, inLanes: true });
      expect(await broker.steering.remove(q, 'b', true)).toBe(true);
      expect(await broker.steering.remove(q, 'g', true)).toBe(true);
      expect(await broker.steering.remove(q, 'unknown', true)).toBe(false);
      expect(await (await new ManualWorker(broker, q, 'w1').join()).claim(10)).toEqual(['a', 'c']);
    });
  });
});

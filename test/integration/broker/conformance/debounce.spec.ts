import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, newTask, RETENTION } from '../../../support/broker-fixture.js';
import { addDebounced, addDebouncedDue, claimData, debounced, idOf } from '../../../support/locked-tasks.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-debounce'))('$name: debounce', (stage) => {
  const q = partitionOf('q');
  const replaced = (what: string): { replaced: string } => ({ replaced: idOf(what) });
  const [a, b, c] = [idOf('a'), idOf('b'), idOf('c')];
  const failed: Outcome = { kind: 'failed', id: a, error: '{}', ranMs: 0, ttlMs: 60_000 };
  const retrying: Outcome = { kind: 'retrying', id: a, error: '{}', ranMs: 1, delayMs: 60_000 };

  async function start(): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
    const broker = stage.open();
    return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
  }

  /** In ms from now, by the clock of the broker. */
  async function dueIn(broker: TaskBroker, id: string): Promise<number> {
    const [status] = await broker.statuses(q, [id]);
    return (status?.due ?? NaN) - (await stage.now());
  }

  describe('a debounced task', () => {
    it('is due so long after the last add, and has its data', async () => {
      const { broker, worker } = await start();
      expect(await addDebounced(broker, 'a', 60_000)).toBe('created');
      // A while later.
      await broker.steering.reschedule(q, a, { inMs: 1_000 });
      expect(await addDebounced(broker, 'b', 60_000, { data: 'newer' })).toEqual(replaced('a'));
      expect(await addDebounced(broker, 'c', 90_000, { data: 'newest' })).toEqual(replaced('a'));
      const due = await dueIn(broker, a);
      expect(due).toBeGreaterThan(60_000);
      expect(due).toBeLessThanOrEqual(90_000);
      expect(await claimData(worker)).toEqual({});
      await broker.steering.reschedule(q, a, { inMs: 0 });
      expect(await claimData(worker)).toEqual({ [a]: 'newest' });
      expect(await broker.statuses(q, [b, c])).toEqual([null, null]);
    });

    it('has the priority of the last add, but keeps its place where it stands in the queue', async () => {
      const { broker, worker } = await start();
      const priorityOf = async (id: string): Promise<unknown> => (await broker.statuses(q, [id]))[0]?.priority;
      await addDebounced(broker, 'a', 60_000, { priority: 7 });
      expect(await priorityOf(a)).toBe(7);
      await addDebounced(broker, 'b', 60_000);
      expect(await priorityOf(a)).toBe(0);
      await addDebouncedDue(broker, 'b', 0, { priority: 5 });
      await worker.exchange(0);
      await addDebounced(broker, 'c', 60_000, { priority: 9, data: 'newest' });
      await broker.steering.reprioritize(q, a, 3);
      expect(await claimData(worker)).toEqual({ [a]: 'newest' });
      expect(await priorityOf(a)).toBe(3);
      await worker.exchange(0, [{ kind: 'released', id: a, began: false }]);
    });

    it('has the group of the last add, but keeps its place where it stands in the queue', async () => {
      const { broker, worker } = await start();
      await addDebounced(broker, 'a', 60_000, { group: 'x' });
      await addDebouncedDue(broker, 'b', 0, { group: 'y', data: 'newer' });
      expect(await broker.statuses(q, [a])).toMatchObject([{ group: 'y' }]);
      await worker.exchange(0);
      await addDebounced(broker, 'c', 60_000, { group: 'z', data: ',"name":"newest' });
      expect(await claimData(worker)).toEqual({ [a]: ',"name":"newest' });
      await worker.exchange(0, [{ kind: 'released', id: a, began: false }]);
      expect(await claimData(worker)).toEqual({ [a]: ',"name":"newest' });
    });

    it('is followed by another one once a worker has taken it, marked or not', async () => {
      const { broker, worker } = await start();
      for (const marks of [true, false]) {
        await addDebouncedDue(broker, 'a', 0);
        await worker.exchange(1, [], { marks });
        expect(await addDebouncedDue(broker, 'b', 0), `${marks}`).toBe('created');
        expect(await claimData(worker), 'it does not wait').toEqual({ [b]: 'b' });
        await worker.exchange(0, [completed(a, { ttlMs: 0 }), completed(b, { ttlMs: 0 })]);
      }
    });

    it('needs room as any other that is scheduled; new data need none', async () => {
      const { broker } = await start();
      await broker.schedule(q, [{ ...newTask('x'), due: { inMs: 60_000 } }]);
      expect(await broker.addLocked(q, [debounced('a', 60_000)], { maxLength: 1 })).toEqual(['full']);
      expect(await broker.addLocked(q, [debounced('a', 60_000)], { maxLength: 2 })).toEqual(['created']);
      expect(await broker.addLocked(q, [debounced('b', 60_000)], { maxLength: 2 })).toEqual([replaced('a')]);
    });
  });

  describe('queue-latest', () => {
    const options = { waitsForRun: true };

    /** One that runs, and one that is due and waits for its end. */
    async function startBoth(): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
      const both = await start();
      await addDebouncedDue(both.broker, 'a', 0, options);
      expect(await claimData(both.worker)).toEqual({ [a]: 'a' });
      expect(await addDebouncedDue(both.broker, 'b', 0, options)).toBe('created');
      expect(await claimData(both.worker)).toEqual({});
      return both;
    }

    it('lets one wait, with the latest data, while another one runs', async () => {
      const { broker, worker } = await startBoth();
      expect(await addDebouncedDue(broker, 'c', 0, { ...options, data: 'newest' })).toEqual(replaced('b'));
      expect(await claimData(worker)).toEqual({});
      expect(await broker.statuses(q, [b])).toMatchObject([{ state: 'scheduled' }]);
      expect(await claimData(worker, [completed(a)])).toEqual({ [b]: 'newest' });
      expect(await addDebouncedDue(broker, 'c', 0, options)).toBe('created');
      expect(await claimData(worker)).toEqual({});
      expect(await claimData(worker, [completed(b)])).toEqual({ [c]: 'c' });
      await worker.exchange(0, [completed(c)]);
    });

    it('does not let it begin before its own time', async () => {
      const { broker, worker } = await startBoth();
      await addDebounced(broker, 'c', 60_000, options);
      expect(await claimData(worker, [completed(a)])).toEqual({});
      expect(await dueIn(broker, b)).toBeGreaterThan(50_000);
    });

    it.each<[how: string, outcome: Outcome]>([
      ['completed, and not kept', completed(a, { ttlMs: 0 })],
      ['failed', failed],
      ['cancelled', { kind: 'cancelled', id: a, reason: 'no', ttlMs: 0 }],
    ])('lets it begin once the one before is %s', async (_, outcome) => {
      const { worker } = await startBoth();
      expect(await claimData(worker, [outcome])).toEqual({ [b]: 'b' });
    });

    it('holds it while the one before waits for another attempt; calling that off lets it begin', async () => {
      const { broker, worker } = await startBoth();
      expect(await claimData(worker, [retrying])).toEqual({});
      await broker.steering.reschedule(q, b, { inMs: 0 });
      expect(await claimData(worker), 'promoted in vain').toEqual({});
      await broker.steering.cancel(q, a, 'no', 0);
      expect(await claimData(worker)).toEqual({ [b]: 'b' });
    });

    it('holds it while the one before is recovered, and lets it begin when that is lost too often', async () => {
      const { broker } = await start();
      await addDebouncedDue(broker, 'a', 0, options);
      const mortal = await new ManualWorker(broker, q, 'mortal', { leaseMs: 1 }).join();
      await claimData(mortal);
      await addDebouncedDue(broker, 'b', 0, options);
      await stage.passes(5);
      expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: [a] });
      const next = await new ManualWorker(broker, q, 'mortal too', { leaseMs: 1 }).join();
      expect(await claimData(next)).toEqual({ [a]: 'a' });
      await stage.passes(5);
      expect(await broker.recover(q, 0, { ...RETENTION, deadLetterTtlMs: 0 })).toMatchObject({ buried: [a] });
      const last = await new ManualWorker(broker, q, 'last').join();
      expect(await claimData(last)).toEqual({ [b]: 'b' });
    });

    it('holds also what was added without it, from the first add with it on', async () => {
      const { broker, worker } = await start();
      await addDebouncedDue(broker, 'a', 0);
      await claimData(worker);
      await addDebouncedDue(broker, 'b', 0);
      expect(await addDebouncedDue(broker, 'c', 0, options)).toEqual(replaced('b'));
      expect(await claimData(worker)).toEqual({});
      expect(await claimData(worker, [completed(a)])).toEqual({ [b]: 'c' });
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import { type Partition, partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, MAX_LOST, newTask, RETENTION } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-groups'))('$name: groups', (stage) => {
  const q = partitionOf('q');

  /** `a1`, `a2` … belong to group `a`; what begins with `-` to none. */
  async function add(broker: TaskBroker, ...ids: string[]): Promise<void> {
    for (const id of ids) {
      const group = id.startsWith('-') ? undefined : id.replace(/\d+$/, '');
      await broker.enqueue(q, [newTask(id, { group })], { inLanes: group !== undefined });
    }
  }

  async function workerOf(broker: TaskBroker, id = 'w1'): Promise<ManualWorker> {
    return new ManualWorker(broker, q, id).join();
  }

  /** In one call, so no more than may be held at once. */
  async function claim(worker: ManualWorker, want: number, groupConcurrency = 0): Promise<string[]> {
    const reply = await worker.exchange(want, [], { groupConcurrency });
    return (reply?.claimed ?? []).map((text) => decodeEnvelope(text).id);
  }

  describe('groups', () => {
    it('take turns, each in the order of adding, and what has no group does so, too', async () => {
      const broker = stage.open();
      await add(broker, 'a1', 'a2', 'a3', 'b1', '-1', 'c1', '-2', 'c2');
      const worker = await workerOf(broker);
      expect(await claim(worker, 2)).toEqual(['a1', 'b1']);
      expect(await claim(worker, 10)).toEqual(['c1', '-1', 'a2', 'c2', '-2', 'a3']);
    });

    it('let a single task of one come through beside a crowd of another', async () => {
      const broker = stage.open();
      const crowd = Array.from({ length: 500 }, (_, row) => newTask(`crowd${row}`, { group: 'crowd' }));
      await broker.enqueue(q, crowd, { inLanes: true });
      await add(broker, 'small1');
      expect(await claim(await workerOf(broker), 3)).toContain('small1');
    });

    it('come between higher and lower priorities', async () => {
      const broker = stage.open();
      await add(broker, 'a1', 'b1');
      await broker.enqueue(q, [newTask('low', { priority: -1 }), newTask('high', { priority: 1 })], { inLanes: true });
      expect(await claim(await workerOf(broker), 9)).toEqual(['high', 'a1', 'b1', 'low']);
    });

    it('get as many tasks in a turn as they have weight, whatever the size of a claim', async () => {
      const broker = stage.open();
      await broker.steering.setGroup(q, 'a', { weight: 3 });
      await add(broker, 'a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'b3');
      const worker = await workerOf(broker);
      const order: string[] = [];
      for (const want of [1, 1, 1, 2, 1, 9]) order.push(...(await claim(worker, want)));
      expect(order).toEqual(['a1', 'a2', 'a3', 'b1', 'a4', 'a5', 'b2', 'b3']);
      await broker.steering.setGroup(q, 'a', {});
    });

    it('say in the status of a task which one it belongs to', async () => {
      const broker = stage.open();
      await add(broker, 'a1', '-1');
      expect((await broker.statuses(q, ['a1', '-1'])).map((status) => status?.group)).toEqual(['a', null]);
    });

    it('are bounded one by one', async () => {
      const broker = stage.open();
      const tasks = ['a1', 'a2', 'a3', 'b1'].map((id) => newTask(id, { group: id.charAt(0) }));
      const options = { inLanes: true, maxLength: 2 };
      expect(await broker.enqueue(q, tasks, options)).toEqual(['created', 'created', 'full', 'created']);
      expect(await broker.enqueue(q, [newTask('a4', { group: 'a' })], options)).toEqual(['full']);
    });

    it('have their order back with what is given back, and their tasks keep them through retries and delays', async () => {
      const broker = stage.open();
      await add(broker, 'a1', 'a2');
      const worker = await workerOf(broker);
      await claim(worker, 1);
      await worker.exchange(0, [{ kind: 'released', id: 'a1', began: false }]);
      expect(await claim(worker, 1)).toEqual(['a1']);
      await worker.exchange(0, [{ kind: 'retrying', id: 'a1', error: '{}', ranMs: 1, delayMs: 0 }]);
      await broker.schedule(q, [{ ...newTask('a3', { group: 'a' }), due: { inMs: 0 } }]);
      expect(await claim(worker, 5, 1)).toEqual(['a2']);
      expect((await broker.statuses(q, ['a3']))[0]).toMatchObject({ state: 'waiting', group: 'a' });
    });

    it('do not take part in priorities', async () => {
      const broker = stage.open();
      await add(broker, 'a1');
      await broker.schedule(q, [{ ...newTask('a2', { group: 'a' }), due: { inMs: 60_000 } }]);
      expect(await broker.steering.reprioritize(q, 'a1', 5)).toBe(false);
      expect(await broker.steering.reprioritize(q, 'a2', 5)).toBe(false);
    });
  });

  describe('concurrency of groups', () => {
    it('bounds what all workers hold of one, and makes the group rest until something has ended', async () => {
      const broker = stage.open();
      await add(broker, 'a1', 'a2', 'a3', 'b1');
      const [worker, other] = [await workerOf(broker), await workerOf(broker, 'w2')];
      expect(await claim(worker, 9, 1)).toEqual(['a1', 'b1']);
      const reply = await other.exchange(9, [], { groupConcurrency: 1 });
      expect(reply).toMatchObject({ claimed: [], more: false });
      await worker.exchange(0, [completed('a1')]);
      expect(await claim(other, 9, 1)).toEqual(['a2']);
      expect(await claim(worker, 9, 1)).toEqual([]);
    });

    it('may be set for one group, and changed while it rests', async () => {
      const broker = stage.open();
      await broker.steering.setGroup(q, 'a', { concurrency: 2 });
      await add(broker, 'a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3');
      const worker = await workerOf(broker);
      expect(await claim(worker, 9)).toEqual(['a1', 'b1', 'a2', 'b2', 'b3']);
      expect(await claim(worker, 9)).toEqual([]);
      await broker.steering.setGroup(q, 'a', { concurrency: 3 });
      expect(await claim(worker, 9)).toEqual(['a3']);
      await worker.exchange(0, [completed('a1'), completed('a2')]);
      await broker.steering.setGroup(q, 'a', { concurrency: 1 });
      expect(await claim(worker, 9)).toEqual([]);
      await worker.exchange(0, [completed('a3')]);
      expect(await claim(worker, 9)).toEqual(['a4']);
    });

    it.each([
      { kind: 'failed', error: '{}', ranMs: 1, ttlMs: 1_000 },
      { kind: 'retrying', error: '{}', ranMs: 1, delayMs: 60_000 },
      { kind: 'snoozed', delayMs: 60_000 },
      { kind: 'cancelled', reason: 'off', ttlMs: 1_000 },
      { kind: 'deferred', delayMs: 60_000 },
    ] as const)('has its slot back when a task is $kind', async (outcome) => {
      const broker = stage.open();
      await add(broker, 'a1', 'a2');
      const worker = await workerOf(broker);
      await claim(worker, 9, 1);
      await worker.exchange(0, [{ ...outcome, id: 'a1' }]);
      expect(await claim(worker, 9, 1)).toEqual(['a2']);
    });

    it('is free after the death of a worker, and its tasks come first', async () => {
      const broker = stage.open();
      await add(broker, 'a1', 'a2');
      await claim(await workerOf(broker), 9, 1);
      const other = await workerOf(broker, 'w2');
      expect(await claim(other, 9, 1)).toEqual([]);
      await broker.leave(q, 'w1');
      expect(await broker.recover(q, MAX_LOST, RETENTION)).toMatchObject({ returned: ['a1'] });
      expect(await claim(other, 9, 1)).toEqual(['a1']);
      expect(await claim(other, 9, 1)).toEqual([]);
    });

    it('is not given away by an outcome that comes too late', async () => {
      const broker = stage.open();
      await add(broker, 'a1', 'a2');
      const [late, other] = [await workerOf(broker), await workerOf(broker, 'w2')];
      await claim(late, 9, 1);
      await broker.leave(q, 'w1');
      await broker.recover(q, MAX_LOST, RETENTION);
      expect(await claim(other, 9, 1)).toEqual(['a1']);
      expect(await late.exchange(0, [completed('a1')])).toBe(null);
      expect(await claim(other, 9, 1)).toEqual([]);
    });
  });

  describe('rates of groups', () => {
    it('let no more than max of one start within any span, make it rest meanwhile, and say when it may go on', async () => {
      const broker = stage.open();
      await broker.steering.setGroup(q, 'a', { rate: { max: 2, perMs: 200 } });
      await add(broker, 'a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'b3');
      const worker = await workerOf(broker);
      const starts: number[] = [];
      const first = await worker.exchange(9);
      starts.push(first!.nowMs, first!.nowMs);
      expect(first!.claimed.map((text) => decodeEnvelope(text).id)).toEqual(['a1', 'b1', 'a2', 'b2', 'b3']);
      expect(first!.nextDueMs).toBeGreaterThan(150);
      expect(first!.nextDueMs).toBeLessThanOrEqual(210);
      while (starts.length < 5) {
        await stage.passes(5);
        const reply = await worker.exchange(9);
        starts.push(...reply!.claimed.map(() => reply!.nowMs));
      }
      for (let n = 2; n < starts.length; n++) expect(starts[n]! - starts[n - 2]!).toBeGreaterThanOrEqual(200);
    });

    it('hold for every group where the queue says so, unless it has its own', async () => {
      const broker = stage.open();
      await broker.steering.setGroup(q, 'b', { rate: { max: 3, perMs: 60_000 } });
      await add(broker, 'a1', 'a2', 'b1', 'b2', 'c1', 'c2', '-1', '-2');
      const worker = await workerOf(broker);
      const reply = await worker.exchange(9, [], { limits: { groupRate: { max: 1, perMs: 60_000 } } });
      expect(reply!.claimed.map((text) => decodeEnvelope(text).id)).toEqual(['a1', 'b1', 'c1', '-1', 'b2', '-2']);
      expect(reply).toMatchObject({ more: false });
    });
  });

  describe('whatever happens', () => {
    let count = 0;
    const nextPartition = (): Partition => partitionOf(`property${count++}`);

    it('no group has a second turn while another one waits for its first', async () => {
      const weights = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 5 });
      const wants = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 15 });
      await fc.assert(
        fc.asyncProperty(weights, wants, async (weightOf, sizes) => {
          const partition = nextPartition();
          const broker = stage.open();
          const worker = await new ManualWorker(broker, partition, 'w').join();
          const total = sizes.reduce((sum, size) => sum + size, 0);
          for (const [group, weight] of weightOf.entries()) {
            await broker.steering.setGroup(partition, `g${group}`, { weight });
            const ids = Array.from({ length: total }, (_, row) => `g${group}-${row}`);
            await broker.enqueue(
              partition,
              ids.map((id) => newTask(id, { group: `g${group}` })),
              { inLanes: true },
            );
          }
          const claimed = weightOf.map(() => 0);
          for (const want of sizes) {
            for (const id of await claim(worker, want)) claimed[Number(id.charAt(1))]!++;
            const turns = claimed.map((count, group) => count / weightOf[group]!);
            expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(1);
          }
          await broker.close();
        }),
        { numRuns: 40 },
      );
    });
  });
});

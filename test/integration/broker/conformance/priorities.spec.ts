import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, MAX_LOST, newTask, RETENTION } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-priorities'))('$name: priorities', (stage) => {
  const q = partitionOf('q');

  async function add(broker: TaskBroker, ...tasks: [id: string, priority: number][]): Promise<void> {
    for (const [id, priority] of tasks) {
      await broker.enqueue(q, [newTask(id, { priority })], { inLanes: priority !== 0 });
    }
  }

  async function workerOf(broker: TaskBroker, id = 'w1'): Promise<ManualWorker> {
    return new ManualWorker(broker, q, id).join();
  }

  describe('claiming by priority', () => {
    it('takes higher ones first, the queue itself next, lower ones last, and each in the order of adding', async () => {
      const broker = stage.open();
      await add(
        broker,
        ['low', -1],
        ['a', 0],
        ['high', 7],
        ['lowest', -1000],
        ['b', 0],
        ['highest', 1000],
        ['high2', 7],
      );
      const worker = await workerOf(broker);
      expect(await worker.claim(10)).toEqual(['highest', 'high', 'high2', 'a', 'b', 'low', 'lowest']);
    });

    it('goes from one list on to the next within one call, and says whether more is waiting', async () => {
      const broker = stage.open();
      await add(broker, ['a', 0], ['high', 1], ['low', -1]);
      const worker = await workerOf(broker);
      const first = await worker.exchange(2);
      expect(first?.claimed.map((text) => decodeEnvelope(text).id)).toEqual(['high', 'a']);
      expect(first?.more).toBe(true);
      expect(await worker.exchange(2)).toMatchObject({ claimed: [expect.stringContaining('low')], more: false });
    });

    it('works through more priorities than one call looks at', async () => {
      const broker = stage.open();
      const priorities = Array.from({ length: 150 }, (_, row) => 75 - row).filter((priority) => priority !== 0);
      await add(broker, ['plain', 0], ...priorities.map((p): [string, number] => [`p${p}`, p]));
      const worker = await workerOf(broker);
      const expected = [...priorities.map((p) => `p${p}`), 'plain'];
      expected.sort((one, other) => Number(other.slice(1)) - Number(one.slice(1)) || 0);
      const claimed = await worker.claim(200);
      expect(claimed.indexOf('plain')).toBe(75);
      expect(claimed.filter((id) => id !== 'plain')).toEqual(priorities.map((p) => `p${p}`));
    });

    it('says in the status which priority a task has', async () => {
      const broker = stage.open();
      await add(broker, ['a', 0], ['high', 7]);
      expect((await broker.statuses(q, ['a', 'high'])).map((status) => status?.priority)).toEqual([0, 7]);
    });

    it('drops what was called off, wherever it waits', async () => {
      const broker = stage.open();
      await add(broker, ['high', 7], ['high2', 7]);
      expect(await broker.steering.cancel(q, 'high', 'not wanted', 60_000)).toBe('waiting');
      expect(await (await workerOf(broker)).claim(5)).toEqual(['high2']);
      expect((await broker.statuses(q, ['high']))[0]).toMatchObject({ state: 'cancelled' });
    });

    it('counts the tasks of all priorities against the length of the queue', async () => {
      const broker = stage.open();
      await add(broker, ['a', 0], ['high', 7]);
      const options = { maxLength: 3, inLanes: true };
      const tasks = [newTask('b', { priority: 1 }), newTask('c', { priority: 2 })];
      expect(await broker.enqueue(q, tasks, options)).toEqual(['created', 'full']);
      expect(await broker.enqueue(q, [newTask('d')], { maxLength: 3 })).toEqual(['full']);
    });

    it('does not add again what an earlier call has added', async () => {
      const broker = stage.open();
      const task = newTask('own', { priority: 3, token: 'token-of-a-caller' });
      expect(await broker.enqueue(q, [task], { inLanes: true })).toEqual(['created']);
      expect(await broker.enqueue(q, [task], { inLanes: true })).toEqual(['created']);
    });
  });

  describe('tasks that come back', () => {
    it('stand first among those of their priority when they are given back', async () => {
      const broker = stage.open();
      await add(broker, ['a', 2], ['b', 2], ['plain', 0]);
      const worker = await workerOf(broker);
      await worker.claim(1);
      await worker.exchange(0, [{ kind: 'released', id: 'a', began: false }]);
      expect(await worker.claim(3)).toEqual(['a', 'b', 'plain']);
    });

    it('stand first among those of their priority when their worker died, and are suspects once it died with them too often', async () => {
      const broker = stage.open();
      await add(broker, ['a', -2], ['b', -2]);
      for (let died = 0; died < MAX_LOST; died++) {
        const worker = await new ManualWorker(broker, q, `w${died}`, { leaseMs: 1 }).join();
        expect(await worker.claim(1)).toEqual(['a']);
        await worker.exchange(0, [{ kind: 'began', id: 'a', ranMs: 0 }]);
        await broker.leave(q, `w${died}`);
        expect(await broker.recover(q, MAX_LOST, RETENTION)).toMatchObject({ returned: ['a'] });
      }
      expect(await (await workerOf(broker)).claim(2)).toEqual(['a', 'b']);
    });

    it('keep their priority through a failed attempt, a wait and a revival', async () => {
      const broker = stage.open();
      await add(broker, ['a', 4], ['plain', 0]);
      const worker = await workerOf(broker);
      await worker.claim(1);
      await worker.exchange(0, [{ kind: 'retrying', id: 'a', error: '{}', ranMs: 1, delayMs: 0 }]);
      expect((await worker.exchange(1))?.claimed[0]).toMatch(/^\{"id":"a","attempt":1,"first":\d+,"priority":4,"name"/);
      await worker.exchange(0, [{ kind: 'failed', id: 'a', error: '{}', ranMs: 1, ttlMs: 60_000 }]);
      expect(await broker.steering.revive(q, ['a'])).toEqual(['a']);
      expect((await worker.exchange(1))?.claimed[0]).toMatch(/^\{"id":"a","attempt":0,"priority":4,"name"/);
      await worker.exchange(0, [completed('a')]);
      expect((await broker.statuses(q, ['a']))[0]).toMatchObject({ state: 'completed', priority: 4 });
    });

    it('have their priority once they are due', async () => {
      const broker = stage.open();
      await broker.schedule(q, [{ ...newTask('later', { priority: 1 }), due: { inMs: 0 } }]);
      await add(broker, ['plain', 0]);
      expect((await broker.statuses(q, ['later']))[0]).toMatchObject({ state: 'scheduled', priority: 1 });
      expect(await (await workerOf(broker)).claim(2)).toEqual(['later', 'plain']);
    });
  });

  describe('another priority', () => {
    it('lets a task of the queue overtake, and leaves nothing behind that counts', async () => {
      const broker = stage.open();
      await add(broker, ['a', 0], ['b', 0], ['c', 0]);
      expect(await broker.steering.reprioritize(q, 'c', 5)).toBe(true);
      expect(await broker.steering.reprioritize(q, 'a', -5)).toBe(true);
      expect((await broker.statuses(q, ['c']))[0]).toMatchObject({ state: 'waiting', priority: 5 });
      expect(await (await workerOf(broker)).claim(10)).toEqual(['c', 'b', 'a']);
    });

    it('is the last one of its new priority, and may be none', async () => {
      const broker = stage.open();
      await add(broker, ['a', 3], ['b', 5], ['plain', 0]);
      expect(await broker.steering.reprioritize(q, 'a', 5)).toBe(true);
      expect(await broker.steering.reprioritize(q, 'b', 0)).toBe(true);
      expect(await broker.steering.reprioritize(q, 'b', 0)).toBe(true);
      expect((await broker.statuses(q, ['b']))[0]).toMatchObject({ priority: 0 });
      expect(await (await workerOf(broker)).claim(10)).toEqual(['a', 'plain', 'b']);
    });

    it('is found in the midst of a long list', async () => {
      const broker = stage.open();
      const ids = Array.from({ length: 1_001 }, (_, row) => `t${row}`);
      await broker.enqueue(
        q,
        ids.map((id) => newTask(id)),
      );
      expect(await broker.steering.reprioritize(q, 't0', 1)).toBe(true);
      expect(await broker.steering.reprioritize(q, 't500', 2)).toBe(true);
      const worker = await workerOf(broker);
      expect(await worker.claim(3)).toEqual(['t500', 't0', 't1']);
      expect(await worker.claim(2_000)).toHaveLength(998);
    });

    it('is given to what waits for its time', async () => {
      const broker = stage.open();
      await broker.schedule(q, [{ ...newTask('later'), due: { inMs: 0 } }]);
      await broker.schedule(q, [{ ...newTask('first', { priority: 1 }), due: { inMs: 0 } }]);
      expect(await broker.steering.reprioritize(q, 'later', 9)).toBe(true);
      expect((await broker.statuses(q, ['later']))[0]).toMatchObject({ priority: 9 });
      expect(await (await workerOf(broker)).claim(2)).toEqual(['later', 'first']);
    });

    it('is not given to what runs, has ended, or never was', async () => {
      const broker = stage.open();
      await add(broker, ['a', 0], ['b', 0]);
      const worker = await workerOf(broker);
      await worker.claim(1);
      await worker.exchange(0, [completed('a')]);
      await worker.claim(1);
      for (const id of ['a', 'b', 'nobody']) expect(await broker.steering.reprioritize(q, id, 5)).toBe(false);
    });

    it('is not lost where the task is claimed at the same moment', async () => {
      const [broker, other] = [stage.open(), stage.open()];
      const worker = await workerOf(other);
      const ids = Array.from({ length: 50 }, (_, row) => `t${row}`);
      await broker.enqueue(
        q,
        ids.map((id) => newTask(id)),
      );
      const [claimed] = await Promise.all([
        worker.claim(50),
        ...ids.map(async (id) => broker.steering.reprioritize(q, id, 1 + (id.length % 3))),
      ]);
      const rest = await worker.claim(50);
      expect([...claimed, ...rest].sort()).toEqual(ids.toSorted());
    });
  });

  describe('aging', () => {
    it('lets a task overtake a higher priority once it has waited long enough', async () => {
      const broker = stage.open();
      await add(broker, ['low', -1], ['high', 2]);
      await stage.passes(600);
      await add(broker, ['higher', 3]);
      const reply = await (await workerOf(broker)).exchange(5, [], { agingMs: 100 });
      // What was added so long before counts as six priorities more.
      expect(reply?.claimed.map((text) => decodeEnvelope(text).id)).toEqual(['high', 'low', 'higher']);
    });
  });
});

import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { Due, NewTask, TaskBroker } from '../../../../lib/broker/task-broker.js';
import { ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-schedule'))('$name: schedule', (stage) => {
  const q = partitionOf('q');
  const task = (id: string, due: Due, more: Partial<NewTask> = {}): NewTask => ({ ...newTask(id), due, ...more });

  async function start(): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
    const broker = stage.open();
    return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
  }

  describe('tasks that are due at the same moment', () => {
    it('come in the order in which they were added, whatever their ids', async () => {
      const { broker, worker } = await start();
      const atMs = (await stage.now()) + 800;
      const ids = Array.from({ length: 60 }, (_, n) => `${(n * 7919) % 60}`);
      for (let first = 0; first < ids.length; first += 20) {
        const page = ids.slice(first, first + 20).map((id) => task(id, { atMs }, { token: `t${id}` }));
        expect(await broker.schedule(q, page)).toEqual(page.map(() => 'created'));
      }
      expect(await worker.claim(1), 'none is due yet').toEqual([]);
      await stage.passes(805);
      expect(await worker.claim(60)).toEqual(ids);
    });
  });

  describe('a task that is scheduled', () => {
    it('says so, and when it is due; then it waits, as any other', async () => {
      const { broker, worker } = await start();
      const atMs = (await stage.now()) + 100;
      await broker.schedule(q, [task('a', { atMs })]);
      expect(await broker.statuses(q, ['a'])).toMatchObject([{ state: 'scheduled', due: atMs, attempt: 0 }]);
      expect((await worker.exchange(1))?.nextDueMs).toBeGreaterThan(0);
      await stage.passes(110);
      await worker.exchange(0);
      expect(await broker.statuses(q, ['a'])).toMatchObject([{ state: 'waiting', due: null }]);
    });
  });

  describe('a call that is sent again', () => {
    it('adds nothing twice, even if the task has run meanwhile', async () => {
      const { broker, worker } = await start();
      const tasks = [task('own', { inMs: 0 }, { token: 'mine' }), task('generated', { inMs: 0 })];
      for (let sent = 0; sent < 2; sent++) {
        expect(await broker.schedule(q, tasks)).toEqual(['created', 'created']);
        expect(await worker.claim(5)).toEqual(sent === 0 ? ['own', 'generated'] : []);
      }
    });
  });
});

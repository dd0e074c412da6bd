import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, RETENTION } from '../../../support/broker-fixture.js';
import { idOf, unique } from '../../../support/locked-tasks.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-unique'))('$name: unique', (stage) => {
  const q = partitionOf('q');
  const held = (by: string): { heldBy: string } => ({ heldBy: idOf(by) });

  async function start(): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
    const broker = stage.open();
    return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
  }

  /** Adds one, and tells what the answer was. */
  async function add(broker: TaskBroker, ...[name, until, options]: Parameters<typeof unique>): Promise<unknown> {
    return (await broker.addLocked(q, [unique(name, until, options)]))[0];
  }

  const error = '{"name":"Error","message":"no"}';
  const a = idOf('a');

  describe('until finished', () => {
    it('holds while the task waits, runs and waits for another attempt, and no longer', async () => {
      const { broker, worker } = await start();
      expect(await add(broker, 'a', 'finished')).toBe('created');
      expect(await add(broker, 'b', 'finished')).toEqual(held('a'));
      expect(await worker.claim(5)).toEqual([a]);
      expect(await add(broker, 'b', 'finished'), 'it runs').toEqual(held('a'));
      await worker.exchange(0, [{ kind: 'retrying', id: a, error, ranMs: 1, delayMs: 60_000 }]);
      expect(await add(broker, 'b', 'finished'), 'it waits for another attempt').toEqual(held('a'));
      await broker.steering.reschedule(q, a, { inMs: 0 });
      expect(await worker.claim(5)).toEqual([a]);
      await worker.exchange(0, [completed(a)]);
      expect(await add(broker, 'b', 'finished')).toBe('created');
    });

    it.each<[how: string, outcome: Outcome]>([
      ['completed', completed(a)],
      ['completed, and not kept', completed(a, { ttlMs: 0 })],
      ['completed without its result', { kind: 'unrecorded', id: a, reason: 'no', ranMs: 0, ttlMs: 1_000 }],
      ['failed', { kind: 'failed', id: a, error, ranMs: 0, ttlMs: 60_000 }],
      ['failed, and not kept', { kind: 'failed', id: a, error, ranMs: 0, ttlMs: 0 }],
      ['cancelled', { kind: 'cancelled', id: a, reason: 'no', ttlMs: 60_000 }],
      ['expired', { kind: 'expired', id: a, ttlMs: 0 }],
    ])('ends with a task that is %s, and leaves nothing behind', async (_, outcome) => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'finished');
      await worker.claim(1);
      await worker.exchange(0, [outcome]);
      expect(await add(broker, 'b', 'finished')).toBe('created');
    });

    it.each<[how: string, outcome: Outcome]>([
      ['given back', { kind: 'released', id: a, began: false }],
      ['put off', { kind: 'snoozed', id: a, delayMs: 60_000 }],
      ['left to another worker', { kind: 'deferred', id: a, delayMs: 60_000 }],
    ])('goes on for a task that is %s', async (_, outcome) => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'finished');
      await worker.claim(1);
      await worker.exchange(0, [outcome]);
      expect(await add(broker, 'b', 'finished')).toEqual(held('a'));
    });

    it('ends when the task is called off while it waits, also for its time, whatever is kept of it', async () => {
      const { broker, worker } = await start();
      for (const ttlMs of [0, 60_000]) {
        for (const inMs of [undefined, 60_000]) {
          const name = `a${ttlMs}${inMs ?? ''}`;
          await add(broker, name, 'finished', inMs === undefined ? {} : { inMs });
          await broker.steering.cancel(q, idOf(name), 'no', ttlMs);
        }
      }
      expect(await add(broker, 'b', 'finished')).toBe('created');
      expect(await worker.claim(5)).toEqual([idOf('b')]);
    });

    it('goes on while a task that was called off still runs', async () => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'finished');
      await worker.claim(1);
      await broker.steering.cancel(q, a, 'no', 60_000);
      expect(await add(broker, 'b', 'finished')).toEqual(held('a'));
      await worker.exchange(0, [completed(a)]);
      expect(await add(broker, 'b', 'finished')).toBe('created');
    });

    it('goes on for a task whose worker died; it ends with one that was lost too often', async () => {
      const { broker } = await start();
      await add(broker, 'a', 'finished');
      const worker = await new ManualWorker(broker, q, 'mortal', { leaseMs: 1 }).join();
      await worker.claim(1);
      await stage.passes(5);
      expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: [a] });
      expect(await add(broker, 'b', 'finished')).toEqual(held('a'));

      const next = await new ManualWorker(broker, q, 'mortal too', { leaseMs: 1 }).join();
      await next.claim(1);
      await stage.passes(5);
      expect(await broker.recover(q, 0, { ...RETENTION, deadLetterTtlMs: 0 })).toMatchObject({ buried: [a] });
      expect(await add(broker, 'b', 'finished')).toBe('created');
    });

    it('does not come back with a dead letter that is retried', async () => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'finished');
      await worker.claim(1);
      await worker.exchange(0, [{ kind: 'failed', id: a, error, ranMs: 0, ttlMs: 60_000 }]);
      await add(broker, 'b', 'finished');
      expect(await broker.steering.revive(q, [a])).toEqual([a]);
      expect(await worker.claim(5)).toEqual([idOf('b'), a]);
      await worker.exchange(0, [completed(a)]);
      expect(await add(broker, 'c', 'finished'), 'the other one goes on').toEqual(held('b'));
    });
  });

  describe('until started', () => {
    it('holds until a worker has taken the task, also where nobody marks that it is active', async () => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'started');
      expect(await add(broker, 'b', 'started')).toEqual(held('a'));
      await worker.exchange(1, [], { marks: false });
      expect(await add(broker, 'b', 'started')).toBe('created');
      await worker.exchange(0, [{ kind: 'released', id: a, began: false }]);
      expect(await add(broker, 'c', 'started'), 'the second one waits').toEqual(held('b'));
      expect(await worker.claim(1), 'the first one is taken again').toEqual([a]);
      expect(await add(broker, 'c', 'started'), 'the second one still waits').toEqual(held('b'));
    });

    it('holds while the task waits for its time', async () => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'started', { inMs: 60_000 });
      expect(await add(broker, 'b', 'started')).toEqual(held('a'));
      await broker.steering.reschedule(q, a, { inMs: 0 });
      await worker.claim(1);
      expect(await add(broker, 'b', 'started')).toBe('created');
    });
  });

  describe('until a time', () => {
    it('ends before if the task is called off before it has begun', async () => {
      const { broker, worker } = await start();
      await add(broker, 'a', 60_000);
      await broker.steering.cancel(q, a, 'no', 0);
      expect(await add(broker, 'b', 60_000)).toBe('created');
      await worker.claim(5);
      await broker.steering.cancel(q, idOf('b'), 'no', 0);
      await worker.exchange(0, [completed(idOf('b'))]);
      expect(await add(broker, 'c', 60_000), 'it had begun').toEqual(held('b'));
    });
  });

  describe('the tasks of one call', () => {
    it('are looked at in their order; keys, kinds and names are told apart', async () => {
      const { broker } = await start();
      const other = unique('d', 'finished');
      const answers = await broker.addLocked(q, [
        unique('a', 'finished'),
        unique('b', 'finished'),
        unique('c', 'finished', { key: 'other' }),
        { ...other, lock: { key: 'unique:other task\nkey', until: 'finished' } },
      ]);
      expect(answers).toEqual(['created', held('a'), 'created', 'created']);
    });

    it('wait by their priorities, and need room as all others', async () => {
      const { broker, worker } = await start();
      const tasks = [0, 3, 9].map((priority) => unique(`p${priority}`, 'finished', { key: `${priority}`, priority }));
      expect(await broker.addLocked(q, tasks, { maxLength: 3 })).toEqual(['created', 'created', 'created']);
      const another = unique('x', 'finished', { key: 'x' });
      expect(await broker.addLocked(q, [another], { maxLength: 3 })).toEqual(['full']);
      expect(await broker.statuses(q, [idOf('p9')])).toMatchObject([{ priority: 9 }]);
      expect(await worker.claim(5)).toEqual(['p9', 'p3', 'p0'].map(idOf));
    });

    it('need room among those of their group, if they have one', async () => {
      const { broker } = await start();
      const tasks = ['a', 'b', 'c'].map((key) => unique(key, 'finished', { key, ...(key !== 'c' && { group: 'x' }) }));
      expect(await broker.addLocked(q, tasks, { maxLength: 1 })).toEqual(['created', 'full', 'created']);
    });

    it('expire as others do', async () => {
      const { broker, worker } = await start();
      await add(broker, 'a', 'finished', { expiresInMs: 5_000 });
      const [text = '{}'] = (await worker.exchange(1))?.claimed ?? [];
      const { expiresAt } = JSON.parse(text) as { expiresAt: number };
      expect(Math.abs(expiresAt - Date.now() - 5_000)).toBeLessThan(2_000);
    });
  });

  describe('a call that is sent again', () => {
    it('adds nothing twice, even if the task has run and the key is held by another one', async () => {
      const { broker, worker } = await start();
      expect(await add(broker, 'a', 'finished')).toBe('created');
      expect(await add(broker, 'a', 'finished')).toBe('created');
      expect(await worker.claim(5)).toEqual([a]);
      await worker.exchange(0, [completed(a)]);
      await add(broker, 'b', 'finished');
      expect(await add(broker, 'a', 'finished')).toBe('created');
      expect(await worker.claim(5)).toEqual([idOf('b')]);
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { PlacedTask } from '../../../../lib/broker/placed-task.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import type { TaskState } from '../../../../lib/broker/task-state.js';
import { completed, ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { debounced, idOf } from '../../../support/locked-tasks.js';
import { stages } from '../../../support/stages.js';

const q = partitionOf('q');
const HOUR = 3_600_000;
const FAILURE = '{"name":"E","message":"m"}';

/** All tasks of a state, read with a new walk behind every one. */
async function walked(broker: TaskBroker, state: TaskState): Promise<PlacedTask[]> {
  const tasks: PlacedTask[] = [];
  let position: string | null = null;
  for (;;) {
    let next: string | null = null;
    for await (const step of broker.listing.walk({ partition: q, state, position, count: 2 })) {
      if (step.task) tasks.push(step.task);
      next = step.position();
      break;
    }
    if (next === null) return tasks;
    position = next;
  }
}

async function idsOf(broker: TaskBroker, state: TaskState): Promise<(string | null)[]> {
  return (await walked(broker, state)).map(({ id }) => id);
}

describe.each(stages('conformance-listing'))('$name: listing', (stage) => {
  const failed = (id: string): Outcome => ({ kind: 'failed', id, error: FAILURE, ranMs: 1, ttlMs: HOUR });

  async function start(...ids: string[]): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id, { data: JSON.stringify({ of: id }) })),
    );
    return { broker, worker };
  }

  it('knows of nothing where there is nothing', async () => {
    const broker = stage.open();
    for (const state of ['waiting', 'active', 'scheduled', 'retrying', 'failed', 'completed', 'cancelled'] as const) {
      expect(await walked(broker, state)).toEqual([]);
    }
    expect(await broker.listing.find(q, 'nobody', true)).toBeNull();
  });

  it('lists what waits in the order in which it is claimed', async () => {
    const { broker, worker } = await start('a', 'b', 'c');
    const inLanes = [newTask('low', { priority: -1 }), newTask('high', { priority: 5 }), newTask('g', { group: 'g' })];
    await broker.enqueue(q, inLanes, { inLanes: true });
    expect(await idsOf(broker, 'waiting')).toEqual(['high', 'a', 'b', 'c', 'g', 'low']);
    await worker.claim(2);
    expect((await idsOf(broker, 'waiting')).at(-1)).toEqual('low');
    expect(await walked(broker, 'waiting')).toHaveLength(4);
  });

  it('tells of a task in each place what it carries, and who holds it', async () => {
    const { broker, worker } = await start('a', 'b', 'c', 'd');
    await worker.claim(3);
    await worker.exchange(0, [
      failed('a'),
      { kind: 'retrying', id: 'b', error: FAILURE, ranMs: 1, delayMs: HOUR },
      { kind: 'began', id: 'c', ranMs: 0 },
    ]);
    const { due } = { due: (await stage.now()) + HOUR };
    await broker.schedule(q, [{ ...newTask('s'), due: { atMs: due } }]);

    const expected: [TaskState, string, object][] = [
      ['failed', 'a', { attempt: 1, error: FAILURE }],
      ['retrying', 'b', { attempt: 1, error: FAILURE }],
      ['active', 'c', { attempt: 1 }],
      ['waiting', 'd', { attempt: 0 }],
      ['scheduled', 's', { attempt: 0, due }],
    ];
    for (const [state, id, facts] of expected) {
      const data = id === 's' ? {} : { of: id };
      const task = { id, data, worker: state === 'active' ? 'w' : null };
      const record = { name: 'task', state, priority: 0, group: null, ...facts };
      expect(await walked(broker, state)).toMatchObject([{ ...task, record }]);
      expect(await broker.listing.find(q, id, true)).toMatchObject({ ...task, record });
    }
    expect((await walked(broker, 'failed'))[0]?.record.finished).toEqual(expect.any(Number));
    expect((await walked(broker, 'retrying'))[0]?.record.due).toBeGreaterThan(due - HOUR);
  });

  it('lists what waits for its time by that, and what has ended from the latest on', async () => {
    const { broker, worker } = await start('a', 'b', 'c', 'd');
    for (const [id, inMs] of [
      ['later', 2 * HOUR],
      ['soon', HOUR],
    ] as const) {
      await broker.schedule(q, [{ ...newTask(id), due: { inMs } }]);
    }
    expect(await idsOf(broker, 'scheduled')).toEqual(['soon', 'later']);
    await worker.claim(4);
    for (const outcome of [failed('a'), completed('b'), failed('c'), completed('d', { result: '"done"' })]) {
      await worker.exchange(0, [outcome]);
      await stage.passes(2);
    }
    expect(await idsOf(broker, 'failed')).toEqual(['c', 'a']);
    expect(await idsOf(broker, 'completed')).toEqual(['d', 'b']);
    expect(await broker.listing.find(q, 'd', false)).toMatchObject({
      data: null,
      record: { state: 'completed', result: '"done"' },
    });
  });

  it('shows as cancelled what was called off, wherever it stood', async () => {
    const { broker, worker } = await start('held', 'waits', 'lost');
    await broker.schedule(q, [{ ...newTask('s'), due: { inMs: HOUR } }]);
    await worker.claim(1);
    const dead = await new ManualWorker(broker, q, 'dead', { leaseMs: 5 }).join();
    expect(await broker.steering.cancel(q, 'waits', 'off', HOUR)).toBe('waiting');
    await dead.claim(1);
    await broker.steering.cancel(q, 's', 'off', HOUR);
    await broker.steering.cancel(q, 'held', 'off', HOUR);
    await broker.steering.cancel(q, 'lost', 'off', HOUR);
    expect(await idsOf(broker, 'waiting')).toEqual([]);
    expect(await idsOf(broker, 'active')).toEqual(['lost', 'held']);
    await worker.exchange(0, [completed('held')]);
    await stage.passes(10);
    await broker.recover(q, 2, { deadLetterTtlMs: HOUR, cancelledTtlMs: HOUR });
    expect(new Set(await idsOf(broker, 'cancelled'))).toEqual(new Set(['held', 'lost', 's', 'waits']));
    expect(await broker.listing.find(q, 'waits', true)).toMatchObject({
      data: null,
      record: { state: 'cancelled', reason: 'off' },
    });
  });

  it('shows the data that a task will have when it is claimed', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.addLocked(q, [debounced('first', 5, { data: 'old' })]);
    await stage.passes(10);
    await worker.exchange(0);
    expect(await broker.addLocked(q, [debounced('second', 5, { data: 'new' })])).toEqual([{ replaced: idOf('first') }]);
    expect(await walked(broker, 'waiting')).toMatchObject([{ id: idOf('first'), data: 'new' }]);
    expect(await broker.listing.find(q, idOf('first'), false)).toMatchObject({ data: 'new' });
  });

  it('takes a dead letter whose id is in use again for what it is, and finds the task of today', async () => {
    const { broker, worker } = await start('a');
    await worker.claim(1);
    await worker.exchange(0, [{ ...failed('a'), ttlMs: 5 } as Outcome]);
    await stage.passes(20);
    await broker.enqueue(q, [newTask('a', { token: 't', data: '"again"' })]);
    expect(await broker.listing.find(q, 'a', false)).toMatchObject({ data: 'again', record: { state: 'waiting' } });
    expect(await walked(broker, 'failed')).toMatchObject([{ data: { of: 'a' }, record: { error: null } }]);
  });

  it('lists and finds what has no status', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    const tasks = ['a', 'b', 'c'].map((id) => newTask(id, { group: 'g', data: '5' }));
    await broker.enqueue(q, tasks, { inLanes: true, withStatus: false });
    await worker.exchange(1, [], { marks: false });
    const facts = { name: 'task', group: 'g', created: null };
    expect(await walked(broker, 'waiting')).toMatchObject([
      { id: 'b', data: 5, record: facts },
      { id: 'c', data: 5, record: facts },
    ]);
    expect(await walked(broker, 'active')).toMatchObject([{ id: 'a', data: 5, record: { ...facts, attempt: 1 } }]);
    expect(await broker.listing.find(q, 'c', true)).toMatchObject({ id: 'c', record: { ...facts, state: 'waiting' } });
    expect(await broker.listing.find(q, 'a', false)).toMatchObject({ id: 'a', record: { state: 'active' } });
    expect(await broker.listing.find(q, 'x', true)).toBeNull();
  });

  it('goes on behind what is still there, while tasks are taken and added', async () => {
    const { broker, worker } = await start('a', 'b', 'c', 'd', 'e');
    const read = async (position: string | null, count: number): Promise<[ids: unknown[], position: string | null]> => {
      const ids: unknown[] = [];
      for await (const step of broker.listing.walk({ partition: q, state: 'waiting', position, count: 10 })) {
        if (step.task) ids.push(step.task.id);
        if (ids.length === count) return [ids, step.position()];
      }
      return [ids, null];
    };
    const [first, position] = await read(null, 2);
    expect(first).toEqual(['a', 'b']);
    await worker.claim(1);
    await broker.enqueue(q, [newTask('f')]);
    const [second, next] = await read(position, 2);
    expect(second).toEqual(['c', 'd']);
    await worker.claim(3);
    expect((await read(next, 9))[0]).toEqual(['e', 'f']);
  });

  it.each(['', 'x', '{}', '5', 'null', '[]', '["nowhere",1,"",0]', '["queue",-1,"",0]', '["queue",0,"x",0]'])(
    'refuses %j as a position',
    async (position) => {
      const broker = stage.open();
      const walk = broker.listing.walk({ partition: q, state: 'waiting', position, count: 1 });
      await expect(async () => {
        for await (const step of walk) void step;
      }).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
    },
  );
});

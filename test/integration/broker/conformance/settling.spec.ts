import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { StatusRecord, TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-settling'))('$name: exchange', (stage) => {
  const q = partitionOf('q');
  const error = '{"name":"E"}';

  async function backlog(
    ...ids: string[]
  ): Promise<{ broker: TaskBroker; worker: ManualWorker; other: ManualWorker; statusOf: StatusOf }> {
    const broker = stage.open();
    if (ids.length > 0)
      await broker.enqueue(
        q,
        ids.map((id) => newTask(id)),
      );
    const [worker, other] = [new ManualWorker(broker, q, 'w1'), new ManualWorker(broker, q, 'w2')];
    const statusOf = async (id: string): Promise<StatusRecord | null> => (await broker.statuses(q, [id]))[0] ?? null;
    return { broker, worker: await worker.join(), other: await other.join(), statusOf };
  }
  type StatusOf = (id: string) => Promise<StatusRecord | null>;

  it('claims in the order of adding, no more than wanted, and says whether more is waiting', async () => {
    const { broker, worker, other } = await backlog('a', 'b', 'c');
    expect((await worker.exchange(2))?.more).toBe(true);
    expect(await other.claim(10)).toEqual(['c']);
    expect((await broker.held(q, 'w1')).sort()).toEqual(['a', 'b']);
    const [a] = await broker.heldTasks(q, 'w1', ['a', 'c']);
    expect(decodeEnvelope(a ?? '')).toMatchObject({ id: 'a', attempt: 0, name: 'task' });
    expect(await worker.exchange(10)).toMatchObject({ claimed: [], more: false, nextDueMs: null, expired: false });
  });

  it('refuses a worker that never joined', async () => {
    const { broker } = await backlog('a');
    expect(await new ManualWorker(broker, q, 'stranger').exchange(1)).toBeNull();
  });

  it('marks what is claimed only where the worker says so', async () => {
    const { worker, statusOf } = await backlog('a', 'b');
    await worker.exchange(1, [], { marks: false });
    expect(await statusOf('a')).toMatchObject({ state: 'waiting', attempt: 0, started: null });
    await worker.exchange(1, [{ kind: 'began', id: 'a', ranMs: 0 }]);
    const started = expect.any(Number) as number;
    for (const id of ['a', 'b']) expect(await statusOf(id)).toMatchObject({ state: 'active', attempt: 1, started });
  });

  it('completes: result and times, and nothing is held', async () => {
    const { broker, worker, statusOf } = await backlog('a');
    await worker.claim(1);
    expect((await worker.exchange(0, [completed('a', { result: '{"ok":true}' })]))?.refused).toEqual([]);
    const status = await statusOf('a');
    expect(status).toMatchObject({ state: 'completed', attempt: 1, result: '{"ok":true}', error: null });
    expect((status?.finished ?? 0) - (status?.started ?? 0)).toBe(5);
    expect(await broker.held(q, 'w1')).toEqual([]);
  });

  it('completes without a result that is not kept', async () => {
    const { worker, statusOf } = await backlog('a');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'unrecorded', id: 'a', reason: 'too large', ranMs: 0, ttlMs: 1_000 }]);
    expect(await statusOf('a')).toMatchObject({ state: 'completed', result: null, unrecorded: 'too large' });
  });

  it('keeps a status for as long as it is told, and nothing where that is 0', async () => {
    const { broker, worker, statusOf } = await backlog('a', 'b', 'c');
    await worker.claim(3);
    await worker.exchange(0, [
      completed('a', { ttlMs: 0 }),
      { kind: 'failed', id: 'b', error, ranMs: 0, ttlMs: 0 },
      completed('c', { ttlMs: 500 }),
    ]);
    expect([await statusOf('a'), await statusOf('b')]).toEqual([null, null]);
    expect(await broker.steering.deadLetters(q, null, 5)).toEqual([]);
    expect(await statusOf('c')).not.toBeNull();
    await stage.passes(500);
    expect(await statusOf('c')).toBeNull();
    expect(await broker.enqueue(q, [newTask('c', { token: 'again' })])).toEqual(['created']);
  });

  it('makes a dead letter of what failed', async () => {
    const { broker, worker, statusOf } = await backlog('a');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'failed', id: 'a', error, ranMs: 1, ttlMs: 60_000 }]);
    expect(await statusOf('a')).toMatchObject({ state: 'failed', attempt: 1, error });
    const [letter] = await broker.steering.deadLetters(q, null, 5);
    expect(letter).toMatchObject({ id: 'a', name: 'task', error });
    expect(await broker.steering.lastDeath(q)).toBe(letter?.diedAt);
    expect(letter?.bytes).toBe('{"id":"a","attempt":1,"name":"task","data":{}}'.length);
    expect([await broker.steering.discard(q, 'a'), await broker.steering.discard(q, 'a')]).toEqual([true, false]);
    expect(await statusOf('a')).toBeNull();
  });

  it('lets a failed attempt wait for the next one, and remembers the last errors', async () => {
    const { worker, statusOf } = await backlog('a');
    for (let attempt = 1; attempt <= 7; attempt++) {
      const [text = ''] = (await worker.exchange(1))?.claimed ?? [];
      expect(decodeEnvelope(text).attempt).toBe(attempt - 1);
      expect(decodeEnvelope(text).first === undefined).toBe(attempt === 1);
      const outcome: Outcome = { kind: 'retrying', id: 'a', error: `"${attempt}"`, ranMs: 1, delayMs: 20 };
      const reply = await worker.exchange(1, [outcome]);
      expect(reply?.claimed).toEqual([]);
      expect(reply?.nextDueMs).toBeGreaterThan(0);
      await stage.passes(20);
    }
    const status = await statusOf('a');
    expect(status).toMatchObject({ state: 'retrying', attempt: 7, error: '"7"', due: expect.any(Number) as number });
    expect(status?.earlierErrors.map(({ attempt }) => attempt)).toEqual([3, 4, 5, 6]);
  });

  it.each<[outcome: Outcome, state: string, counters: object]>([
    [{ kind: 'snoozed', id: 'a', delayMs: 30 }, 'scheduled', { attempt: 0, missed: 0 }],
    [{ kind: 'deferred', id: 'a', delayMs: 30 }, 'scheduled', { attempt: 0, missed: 1 }],
    [{ kind: 'retrying', id: 'a', error, ranMs: 0, delayMs: 30 }, 'retrying', { attempt: 1, missed: 0 }],
  ])('comes again in time: %o', async (outcome, state, counters) => {
    const { worker, statusOf } = await backlog('a');
    await worker.claim(1);
    expect((await worker.exchange(1, [outcome]))?.claimed).toEqual([]);
    expect(await statusOf('a')).toMatchObject({ state });
    await stage.passes(30);
    const [text = ''] = (await worker.exchange(1))?.claimed ?? [];
    expect(decodeEnvelope(text)).toMatchObject(counters);
  });

  it('gives back to the head of the queue, in the order given, as if never claimed', async () => {
    const { worker, other, statusOf } = await backlog('a', 'b', 'c');
    await worker.claim(2);
    await worker.exchange(
      0,
      ['b', 'a'].map((id) => ({ kind: 'released', id, began: false })),
    );
    expect(await statusOf('a')).toMatchObject({ state: 'waiting', attempt: 0, started: null });
    expect(await other.claim(3)).toEqual(['a', 'b', 'c']);
  });

  it('lets nothing be claimed for as long as a handler was told to wait', async () => {
    const { worker, other } = await backlog('a', 'b');
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'limited', id: 'a', delayMs: 500 }]);
    const reply = await other.exchange(1);
    expect(reply).toMatchObject({ claimed: [], more: false, isHeldUp: true });
    expect(reply?.nextDueMs).toBeGreaterThan(0);
    await stage.passes(500);
    expect(await other.claim(2)).toEqual(['a', 'b']);
  });

  it('does not count an attempt that could not be begun in time', async () => {
    const { worker, statusOf } = await backlog('a');
    await worker.claim(1);
    await worker.exchange(1, [{ kind: 'retrying', id: 'a', error, ranMs: 1, delayMs: 0 }]);
    await worker.exchange(0, [{ kind: 'expired', id: 'a', ttlMs: 60_000 }]);
    expect(await statusOf('a')).toMatchObject({ state: 'cancelled', reason: 'expired', attempt: 1 });
  });

  it('refuses an outcome for what the worker does not hold, and writes nothing of it', async () => {
    const { worker, other, statusOf } = await backlog('a');
    await worker.claim(1);
    const late: Outcome = { kind: 'progress', id: 'a', progress: '99' };
    expect((await other.exchange(0, [late, completed('a'), completed('unknown')]))?.refused).toEqual(['a', 'unknown']);
    expect(await statusOf('a')).toMatchObject({ state: 'active', progress: null });
    expect(await statusOf('unknown')).toBeNull();
    await worker.exchange(0, [{ ...late, progress: '50' }]);
    expect(await statusOf('a')).toMatchObject({ progress: '50' });
  });

  it('makes a status at the end for what has none before', async () => {
    const { broker, worker, statusOf } = await backlog();
    await broker.enqueue(q, [newTask('a')], { withStatus: false });
    await worker.exchange(1, [], { marks: false });
    expect(await statusOf('a')).toBeNull();
    await worker.exchange(0, [completed('a')]);
    expect(await statusOf('a')).toMatchObject({ state: 'completed', name: 'task', attempt: 1 });
  });

  it('ends as cancelled what was called off, however its run went', async () => {
    const { broker, worker, statusOf } = await backlog('a', 'b', 'c');
    expect(await worker.claim(1)).toEqual(['a']);
    expect([
      await broker.steering.cancel(q, 'a', 'no', 60_000),
      await broker.steering.cancel(q, 'b', 'no', 60_000),
    ]).toEqual(['active', 'waiting']);
    expect((await broker.beat(q, 'w1', 60_000))?.cancelled).toEqual(['a']);
    await worker.exchange(0, [completed('a')]);
    expect(await worker.claim(5)).toEqual(['c']);
    for (const id of ['a', 'b'])
      expect(await statusOf(id)).toMatchObject({ state: 'cancelled', reason: 'no', result: null });
    expect(await broker.steering.cancel(q, 'a', 'no', 60_000)).toBe('cancelled');
    expect(await broker.steering.cancel(q, 'nobody', 'no', 60_000)).toBeNull();
  });

  it('says what a worker holds that was to hold nothing, and lets one rest that is alone', async () => {
    const { broker, worker } = await backlog('a');
    await worker.claim(1);
    expect(await worker.exchange(0, [], { restMs: 600_000 })).toMatchObject({ holdsUnknown: true, rests: false });
    expect(await worker.exchange(0, [completed('a')], { restMs: 600_000 })).toMatchObject({ rests: false });
    await broker.leave(q, 'w2');
    expect(await worker.exchange(0, [], { restMs: 600_000 })).toMatchObject({ holdsUnknown: false, rests: true });
  });
});

import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import type { ExchangeReply } from '../../../../lib/broker/exchange.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { completed, ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-limits'))('$name: limits', (stage) => {
  const q = partitionOf('q');
  const idsOf = (reply: ExchangeReply | null): string[] =>
    (reply?.claimed ?? []).map((text) => decodeEnvelope(text).id);

  async function backlog(...ids: string[]): Promise<{ broker: TaskBroker; worker: ManualWorker; other: ManualWorker }> {
    const broker = stage.open();
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id, { name: id.replace(/\d+$/, '') })),
    );
    const [worker, other] = [new ManualWorker(broker, q, 'w1'), new ManualWorker(broker, q, 'w2')];
    return { broker, worker: await worker.join(), other: await other.join() };
  }

  it('the rate of a queue bounds what all workers claim together, and tells when the next one may go', async () => {
    const { worker, other } = await backlog('a1', 'a2', 'a3', 'a4', 'a5');
    const limits = { rate: { max: 3, perMs: 800 } };
    expect(idsOf(await worker.exchange(2, [], { limits }))).toEqual(['a1', 'a2']);
    const reply = await other.exchange(2, [], { limits });
    expect(idsOf(reply)).toEqual(['a3']);
    expect(reply).toMatchObject({ more: false, isHeldUp: true });
    expect(reply?.nextDueMs).toBeGreaterThan(0);
    expect(await other.exchange(2, [], { limits })).toMatchObject({ claimed: [], more: false, isHeldUp: true });
    await stage.passes(800);
    expect(idsOf(await other.exchange(9, [], { limits }))).toEqual(['a4', 'a5']);
  });

  it('says nothing of limits where nothing waits, and to a worker that brings none', async () => {
    const { broker, worker, other } = await backlog('a1', 'a2');
    const limits = { rate: { max: 2, perMs: 60_000 } };
    expect(await worker.exchange(2, [], { limits })).toMatchObject({ more: false, isHeldUp: false, nextDueMs: null });
    await broker.enqueue(q, [newTask('b1')]);
    expect(idsOf(await other.exchange(1))).toEqual(['b1']);
  });

  it('what is over the rate of its name makes room for others, and keeps its order', async () => {
    const { worker, other } = await backlog('slow1', 'slow2', 'slow3', 'quick1', 'slow4', 'quick2');
    const limits = { names: { slow: { max: 2, perMs: 800 } } };
    const reply = await worker.exchange(10, [], { limits });
    expect(idsOf(reply)).toEqual(['slow1', 'slow2', 'quick1', 'quick2']);
    expect(reply).toMatchObject({ more: false, isHeldUp: false });
    expect(reply?.nextDueMs).toBeGreaterThan(0);
    await stage.passes(810);
    expect(idsOf(await other.exchange(10, [], { limits }))).toEqual(['slow3', 'slow4']);
  });

  it('what all workers hold together is bounded, whoever they are', async () => {
    const { worker, other } = await backlog('a1', 'a2', 'a3', 'a4');
    const limits = { globalConcurrency: 3 };
    expect(idsOf(await worker.exchange(2, [], { limits }))).toEqual(['a1', 'a2']);
    expect(idsOf(await other.exchange(2, [], { limits }))).toEqual(['a3']);
    expect(await other.exchange(1, [], { limits })).toMatchObject({ claimed: [], isHeldUp: true, nextDueMs: null });
    expect(idsOf(await worker.exchange(1, [completed('a1')], { limits }))).toEqual(['a4']);
  });
});

import { describe, expect, it } from 'vitest';
import { decodeEnvelope, type Envelope } from '../../../../lib/broker/envelope.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { began, completed, ManualWorker, newTask, RETENTION } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-recovery'))('$name: recovery', (stage) => {
  const q = partitionOf('q');

  /** A worker that has died with these tasks, some of which it had not begun. */
  async function deadWorker(broker: TaskBroker, ids: string[], { marks = true } = {}): Promise<ManualWorker> {
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
    return die(broker, 'dead', ids.length, marks);
  }

  async function die(broker: TaskBroker, name: string, count: number, marks = true): Promise<ManualWorker> {
    const worker = await new ManualWorker(broker, q, name).join();
    await worker.exchange(count, [], { marks });
    if (marks) await worker.exchange(0, (await broker.held(q, name)).map(began));
    await broker.leave(q, name);
    return worker;
  }

  async function claimed(worker: ManualWorker): Promise<Envelope[]> {
    return ((await worker.exchange(9))?.claimed ?? []).map(decodeEnvelope);
  }

  it('has nothing to do while every lease is good, and tells when one is not', async () => {
    const broker = stage.open();
    const alive = await new ManualWorker(broker, q, 'alive').join();
    expect(await broker.recover(q, 2, RETENTION)).toBeNull();
    expect((await alive.exchange(0))?.expired).toBe(false);
    await new ManualWorker(broker, q, 'short', { leaseMs: 1 }).join();
    await stage.passes(5);
    expect((await alive.exchange(0))?.expired).toBe(true);
    expect(await broker.recover(q, 2, RETENTION)).toEqual({ worker: 'short', returned: [], buried: [], more: false });
    expect((await alive.exchange(0))?.expired).toBe(false);
  });

  it('puts back to the head in order, with attempt and loss counted, and refuses the dead one', async () => {
    const broker = stage.open();
    const dead = await deadWorker(broker, ['a', 'b']);
    await broker.enqueue(q, [newTask('c')]);
    const recovery = await broker.recover(q, 2, RETENTION);
    expect(recovery).toMatchObject({ worker: 'dead', buried: [], more: false });
    expect(recovery?.returned.sort()).toEqual(['a', 'b']);
    expect(await broker.statuses(q, ['a'])).toMatchObject([
      { state: 'waiting', attempt: 1, error: expect.stringContaining('dead') as string },
    ]);
    expect(await dead.exchange(5, [completed('a')])).toBeNull();
    expect(await broker.beat(q, 'dead', 1_000)).toBeNull();
    const heir = await new ManualWorker(broker, q, 'heir').join();
    expect(await claimed(heir)).toMatchObject([
      { id: 'a', attempt: 1, lost: 1 },
      { id: 'b', attempt: 1, lost: 1 },
      { id: 'c', attempt: 0, lost: undefined },
    ]);
    // What a worker died with is marked when its next one asks for it.
    expect(await broker.statuses(q, ['a', 'c'])).toMatchObject([{ state: 'waiting' }, { state: 'active' }]);
  });

  it('charges nothing to what had not begun, but remembers that a worker died with it', async () => {
    const broker = stage.open();
    await deadWorker(broker, ['a'], { marks: false });
    await broker.recover(q, 2, RETENTION);
    expect(await broker.statuses(q, ['a'])).toMatchObject([{ state: 'waiting', attempt: 0, error: null }]);
    const heir = await new ManualWorker(broker, q, 'heir').join();
    expect(await claimed(heir)).toMatchObject([{ id: 'a', attempt: 0, lost: 0 }]);
  });

  it('lets a worker that was only slow come back, as long as nobody took over', async () => {
    const broker = stage.open();
    const worker = await deadWorker(broker, ['a']);
    expect((await worker.exchange(0, [completed('a')]))?.refused).toEqual([]);
    expect(await broker.recover(q, 2, RETENTION)).toBeNull();
  });

  it('makes a suspect, then a dead letter of what is lost again and again, and names the workers', async () => {
    const broker = stage.open();
    await deadWorker(broker, ['a']);
    for (const name of ['w1', 'w2']) {
      expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ returned: ['a'], buried: [] });
      await die(broker, name, 1);
    }
    expect(await broker.recover(q, 2, RETENTION)).toMatchObject({ worker: 'w2', returned: [], buried: ['a'] });
    const [status] = await broker.statuses(q, ['a']);
    expect(status?.state).toBe('failed');
    expect(JSON.parse(status?.error ?? '')).toMatchObject({
      name: 'lost too often',
      message: expect.stringContaining('dead, w1, w2') as string,
    });
    expect(JSON.parse(status?.earlierErrors[0]?.error ?? '')).toMatchObject({ name: 'lost' });
  });

  it('hands suspects out one at a time, before all else, and only to who can take one', async () => {
    const broker = stage.open();
    await deadWorker(broker, ['a', 'b']);
    await broker.recover(q, 1, RETENTION);
    await broker.enqueue(q, [newTask('c')]);
    const [one, other] = [new ManualWorker(broker, q, 'one'), new ManualWorker(broker, q, 'two')];
    await Promise.all([one.join(), other.join()]);
    expect((await one.exchange(5, [], { probes: false, maxLost: 1 }))?.claimed).toHaveLength(1);
    expect((await one.exchange(5, [], { maxLost: 1 }))?.claimed).toHaveLength(1);
    expect((await other.exchange(5, [], { maxLost: 1 }))?.claimed.map(decodeEnvelope)).toMatchObject([{ id: 'b' }]);
  });

  it.each([
    [true, 1],
    [false, 3],
  ])('buries a suspect that was alone (%s) after %s losses', async (isAlone, expected) => {
    const broker = stage.open();
    await deadWorker(broker, ['a']);
    await broker.recover(q, 2, RETENTION);
    await die(broker, 'second', 1);
    await broker.recover(q, 2, RETENTION);
    for (let losses = 1; ; losses++) {
      const worker = await new ManualWorker(broker, q, `w${losses}`).join();
      expect(await worker.claim(1)).toEqual(['a']);
      await worker.exchange(0, [{ kind: 'began', id: 'a', ranMs: 0, isAlone: true }]);
      if (!isAlone) await worker.exchange(0, [{ kind: 'began', id: 'a', ranMs: 0, isAlone: false }]);
      await broker.leave(q, worker.id);
      const recovery = await broker.recover(q, 2, RETENTION);
      if (recovery?.buried.length === 0) continue;
      expect(losses).toBe(expected);
      break;
    }
  });

  it('buries at once what may run only once', async () => {
    const broker = stage.open();
    await deadWorker(broker, ['a'], { marks: false });
    expect(await broker.recover(q, 0, RETENTION)).toMatchObject({ buried: ['a'] });
  });
});

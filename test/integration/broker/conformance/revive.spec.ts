import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-revive'))('$name: revive', (stage) => {
  const q = partitionOf('q');
  const failed = (id: string, ttlMs = 60_000): Outcome => ({
    kind: 'failed',
    id,
    error: '{"name":"E"}',
    ranMs: 1,
    ttlMs,
  });

  async function start(): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
    const broker = stage.open();
    return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
  }

  describe('revive', () => {
    it('leaves no progress of the last round', async () => {
      const { broker, worker } = await start();
      await broker.enqueue(q, [newTask('a')]);
      await worker.claim(1);
      await worker.exchange(0, [{ kind: 'progress', id: 'a', progress: '90' }, failed('a')]);
      expect(await broker.steering.revive(q, ['a'])).toEqual(['a']);
      expect(await broker.statuses(q, ['a'])).toMatchObject([{ state: 'waiting', progress: null, attempt: 0 }]);
    });
  });

  describe('a dead letter whose status has expired and whose id is in use again', () => {
    async function reuse(): Promise<{ broker: TaskBroker; worker: ManualWorker }> {
      const { broker, worker } = await start();
      await broker.enqueue(q, [newTask('order-7', { data: '"old"' })]);
      await worker.claim(1);
      await worker.exchange(0, [failed('order-7', 5)]);
      await stage.passes(10);
      await broker.enqueue(q, [newTask('order-7', { data: '"new"', token: 't' })]);
      return { broker, worker };
    }

    it('is not run beside the new task', async () => {
      const { broker, worker } = await reuse();
      expect(await broker.steering.revive(q, ['order-7'])).toEqual([]);
      const claimed = (await worker.exchange(5))?.claimed ?? [];
      expect(claimed.map((text) => decodeEnvelope(text).data)).toEqual(['new']);
    });

    it('does not take the status of the new task with it when it is discarded', async () => {
      const { broker } = await reuse();
      expect(await broker.steering.discard(q, 'order-7')).toBe(false);
      expect(await broker.statuses(q, ['order-7'])).toMatchObject([{ state: 'waiting' }]);
      expect(await broker.enqueue(q, [newTask('order-7', { token: 'other' })])).toEqual(['known']);
    });
  });
});

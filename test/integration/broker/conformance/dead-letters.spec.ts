import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../../lib/broker/envelope.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-dead-letters'))('$name: dead-letters', (stage) => {
  const q = partitionOf('q');

  function failed(id: string): Outcome {
    return { kind: 'failed', id, error: '{"name":"E","message":"m"}', ranMs: 1, ttlMs: 3_600_000 };
  }

  it('what is put back runs although the time in which its first attempt had to begin is over', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.enqueue(q, [{ ...newTask('a'), expiresInMs: 10 }]);
    await worker.claim(1);
    await worker.exchange(0, [failed('a')]);
    expect(await broker.steering.revive(q, ['a'])).toEqual(['a']);
    const [text = ''] = (await worker.exchange(1))?.claimed ?? [];
    expect(decodeEnvelope(text)).toMatchObject({ attempt: 0, options: undefined });
  });

  it('pages go on behind the last letter of the page before, even if that one has died again meanwhile', async () => {
    const broker = stage.open();
    const worker = await new ManualWorker(broker, q, 'w').join();
    for (const id of ['a', 'b', 'c']) {
      await broker.enqueue(q, [newTask(id)]);
      await worker.claim(1);
      await worker.exchange(0, [failed(id)]);
      await stage.passes(2);
    }
    const [a = null] = await broker.steering.deadLetters(q, null, 1);
    await broker.steering.revive(q, ['a']);
    await worker.claim(1);
    await worker.exchange(0, [failed('a')]);
    expect((await broker.steering.deadLetters(q, a, 10)).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
  });
});

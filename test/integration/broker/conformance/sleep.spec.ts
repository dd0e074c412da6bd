import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../../lib/broker/partition.js';
import { newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-sleep'))('$name: sleep', (stage) => {
  const [a, b] = [partitionOf('a'), partitionOf('b')];

  describe('sleep', () => {
    it('hears a bell that rang before', async () => {
      const broker = stage.open();
      await broker.enqueue(a, [newTask('1')]);
      expect(await broker.sleep({ partitions: [a, b], workers: [], timeoutMs: 5_000 })).toEqual({
        partition: a,
        isPersonal: false,
      });
    });

    it('ends with null after its time', async () => {
      expect(await stage.open().sleep({ partitions: [a], workers: [], timeoutMs: 30 })).toBeNull();
    });

    it('is woken whenever wake is called: before BRPOP was sent, while it is on its way, and after', async () => {
      const broker = stage.open();
      const begun = performance.now();
      for (let round = 0; round < 100; round++) {
        const sleeping = broker.sleep({ partitions: [a], workers: [], timeoutMs: 5_000 });
        if (round % 4 === 1) await Promise.resolve();
        if (round % 4 === 2) await new Promise((resolve) => setImmediate(resolve));
        if (round % 4 === 3) await delay(Math.random() * 3);
        broker.wake();
        expect(await sleeping).toBeNull();
      }
      expect(performance.now() - begun).toBeLessThan(4_500);
    });
  });
});

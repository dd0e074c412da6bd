import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../../lib/broker/partition.js';
import { newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-enqueue'))('$name: enqueue', (stage) => {
  const email = partitionOf('email');

  describe('enqueue', () => {
    it('sent twice adds one task, and tells the sender that it was created', async () => {
      const broker = stage.open();
      const generated = newTask('01J');
      const chosen = newTask('order-5', { token: 'mine' });
      expect(await broker.enqueue(email, [generated, chosen])).toEqual(['created', 'created']);
      expect(await broker.enqueue(email, [generated, chosen])).toEqual(['created', 'created']);
    });

    it('tells a second sender of the same id that it was there already', async () => {
      const broker = stage.open();
      await broker.enqueue(email, [newTask('order-5', { token: 'first' })]);
      expect(await broker.enqueue(email, [newTask('order-5', { token: 'second' })])).toEqual(['known']);
    });

    it('keeps two callers of one id apart within one call', async () => {
      const rows = [newTask('same', { token: 'a' }), newTask('same', { token: 'b' })];
      expect(await stage.open().enqueue(email, rows)).toEqual(['created', 'known']);
    });

    it('adds no more than may wait, in the order of the rows; what is known already is no concern of that', async () => {
      const broker = stage.open();
      const rows = ['1', '2', '3'].map((id) => newTask(id, { token: `token of ${id}` }));
      expect(await broker.enqueue(email, rows, { maxLength: 2 })).toEqual(['created', 'created', 'full']);
      expect(await broker.enqueue(email, rows, { maxLength: 2 })).toEqual(['created', 'created', 'full']);
    });
  });
});

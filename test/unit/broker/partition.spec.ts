import { describe, expect, it } from 'vitest';
import { parsePublicId, partitionOf, publicId, queueOf } from '../../../lib/broker/partition.js';

describe('public ids', () => {
  it.each(['01J', 'a:b', ':', 'email:x', 'a#b'])('come back from %s', (id) => {
    const partition = partitionOf('email');
    expect(parsePublicId(publicId(partition, id))).toEqual({ partition, id });
  });

  it('carry the partition of a queue', () => {
    const parsed = parsePublicId('email#3:01J');
    expect(parsed).toEqual({ partition: 'email#3', id: '01J' });
    expect(queueOf(parsed!.partition)).toBe('email');
    expect(queueOf(partitionOf('email'))).toBe('email');
  });

  it.each(['', 'email', ':id', 'email:', 'e mail:1', 'email#:1', 'email#x:1', `${'x'.repeat(65)}:1`])(
    'cannot be %j',
    (text) => expect(parsePublicId(text)).toBeNull(),
  );
});

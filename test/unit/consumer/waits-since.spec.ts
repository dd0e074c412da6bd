import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope } from '../../../lib/broker/envelope.js';
import { waitsSince } from '../../../lib/consumer/waits-since.js';

const NOW = 1_800_000_000_000;
const ID = ulid(NOW - 1_234);
const of = (text: string): number | null => waitsSince(decodeEnvelope(text), NOW);

describe('since when a task waits', () => {
  it('is told by an id that was generated', () => {
    expect(of(encodeEnvelope(ID, 'x', '1'))).toBe(NOW - 1_234);
    expect(of(encodeEnvelope(`${ID}-u`, 'x', '1'))).toBe(NOW - 1_234);
    expect(of(encodeEnvelope(ID, 'x', '1', { attempts: 3 }, { priority: 5 }))).toBe(NOW - 1_234);
  });

  it.each([
    ['was tried', `{"id":"${ID}","attempt":1,"name":"x"}`],
    ['was held by a worker that died', `{"id":"${ID}","attempt":0,"lost":0,"name":"x"}`],
    ['found no handler', `{"id":"${ID}","attempt":0,"missed":1,"name":"x"}`],
    ['was put off', encodeEnvelope(ID, 'x', '1', { delayed: true })],
    ['has an id of its own', encodeEnvelope('order-7', 'x', '1')],
    [
      'has an id of its own that is as long',
      encodeEnvelope('order-of-2027-01-01-no-0007', 'x', '1').replace('7-0', '0'),
    ],
    ['has an id of its own that only looks alike', encodeEnvelope(`${'U'.repeat(26)}`, 'x', '1')],
    ['comes from the future', encodeEnvelope(ulid(NOW + 120_000), 'x', '1')],
  ])('is not known of one that %s', (_what, text) => {
    expect(of(text)).toBeNull();
  });
});

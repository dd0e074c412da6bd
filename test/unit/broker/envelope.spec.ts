import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope } from '../../../lib/broker/envelope.js';

describe('envelope', () => {
  it('begins with id and attempt, and holds name and data', () => {
    expect(encodeEnvelope('7', 'email.send', '{"to":1}')).toBe(
      '{"id":"7","attempt":0,"name":"email.send","data":{"to":1}}',
    );
  });

  it('carries any id, name and data', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, fc.jsonValue(), (id, name, data) => {
        const decoded = decodeEnvelope(encodeEnvelope(id, name, JSON.stringify(data)));
        expect(decoded).toMatchObject({ id, attempt: 0, name });
        expect(decoded.data).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });

  it('reads the counters that scripts write', () => {
    expect(decodeEnvelope('{"id":"7","attempt":3,"lost":1,"missed":2,"first":9,"name":"x"}')).toEqual({
      id: '7',
      attempt: 3,
      lost: 1,
      missed: 2,
      first: 9,
      isDelayed: false,
      name: 'x',
      data: null,
      options: undefined,
    });
  });

  it('carries the options of its task behind the data, and no others', () => {
    const text = encodeEnvelope('7', 'x', '1', { attempts: 3, timeout: undefined });
    expect(text).toBe('{"id":"7","attempt":0,"name":"x","data":1,"attempts":3}');
    expect(decodeEnvelope(text).options).toEqual({ attempts: 3 });
  });

  it('believes the head rather than a later member of the same name', () => {
    expect(decodeEnvelope('{"id":"7","attempt":1,"name":"x","id":9,"attempt":"many"}')).toMatchObject({
      id: '7',
      attempt: 1,
    });
  });

  it.each(['{"id":"7","attempt":0}', '{"id":"7","attempt":0,"name":""}', '{"id":"7","attempt":0,"name":"x"'])(
    'has an id, but no name in %j',
    (text) => expect(decodeEnvelope(text)).toMatchObject({ id: '7', name: null }),
  );

  it.each(['', 'garbage', '[]', '{"name":"x"}', '{"id":"","attempt":0,"name":"x"}'])('is not %j', (text) =>
    expect(() => decodeEnvelope(text)).toThrow(/Not the envelope/),
  );
});

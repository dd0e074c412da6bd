import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope, encodeEnvelope, isEnvelopeOf, readStored, withTrace } from '../../../lib/broker/envelope.js';

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

  it.each([undefined, { attempts: 3 }])('carries a trace behind all else (options: %j)', (options) => {
    const text = withTrace(encodeEnvelope('7', 'x', '{"n":1}', options), '{"traceparent":"00-1"}');
    expect(text).toMatch(/,"trace":{"traceparent":"00-1"}}$/);
    expect(decodeEnvelope(text)).toMatchObject({ id: '7', data: { n: 1 }, trace: { traceparent: '00-1' } });
    expect(decodeEnvelope(text).options).toEqual(options);
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

describe('what stands in a place', () => {
  const nothing = { id: null, attempt: 0, name: null, priority: 0, group: null };

  it('is read with its head, as far as it has one', () => {
    expect(readStored(encodeEnvelope('a"é', 'x', '[1]', {}, { priority: -7 }))).toEqual({
      ...nothing,
      id: 'a"é',
      name: 'x',
      priority: -7,
      data: [1],
    });
    const counted = encodeEnvelope('a', 'x', '2', {}, { priority: 0, group: 'g' }).replace(':0,', ':3,"lost":1,');
    expect(readStored(counted)).toEqual({ ...nothing, id: 'a', attempt: 3, name: 'x', group: 'g', data: 2 });
    expect(readStored('{"name":"x","id":"a","priority":5}')).toEqual({ ...nothing, name: 'x', data: null });
    expect(readStored('{"id":"a","attempt":0,"priority":5000,"name":"x"}').priority).toBe(0);
  });

  it.each(['', 'nonsense', '5', '[1]', 'null', '{"name":""}', '{"data":1}'])(
    'is text where it is no task: %j',
    (text) => expect(readStored(text)).toEqual({ ...nothing, data: text }),
  );

  it('is known by its id, however that is written', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1 }), (id, other) => {
        expect(isEnvelopeOf(id, encodeEnvelope(id, 'x', '{}'))).toBe(true);
        expect(isEnvelopeOf(id, encodeEnvelope(other, 'x', '{}'))).toBe(id === other);
      }),
    );
    expect(isEnvelopeOf('aé', '{"id":"\\u0061\\u00e9","attempt":1,"name":"x"}')).toBe(true);
    expect(isEnvelopeOf('a', '{"name":"x","id":"a"}')).toBe(false);
  });
});

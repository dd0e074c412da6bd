import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedCarrier, encodeCarrier } from '../../../lib/telemetry/trace-carrier.js';

const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

describe('what of a trace travels with a task', () => {
  it('is what propagators write', () => {
    const carrier = { traceparent, tracestate: 'x=1,y=2', baggage: 'user=7' };
    expect(JSON.parse(encodeCarrier(carrier) ?? '')).toEqual(carrier);
    expect(boundedCarrier(carrier)).toEqual(carrier);
  });

  it('is nothing where they write nothing', () => expect(encodeCarrier({})).toBeUndefined());

  it('leaves out what is too long', () => {
    expect(boundedCarrier({ traceparent, baggage: 'x'.repeat(5_000) })).toEqual({ traceparent });
    expect(boundedCarrier({ ['x'.repeat(5_000)]: '' })).toEqual({});
  });

  it('is bounded, and made of texts, whatever was found', () => {
    fc.assert(
      fc.property(fc.anything({ maxKeys: 40, key: fc.string() }), (found) => {
        const entries = Object.entries(boundedCarrier(found));
        expect(entries.length).toBeLessThanOrEqual(16);
        expect(entries.every(([, value]) => typeof value === 'string')).toBe(true);
        expect(entries.flat().join('').length).toBeLessThanOrEqual(4_096);
      }),
    );
  });

  it('has no prototype to be changed', () => {
    const carrier = boundedCarrier(JSON.parse('{"__proto__":{"polluted":1},"constructor":"x"}'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(carrier)).toBe(Object.prototype);
    expect(carrier['constructor']).toBe('x');
  });
});

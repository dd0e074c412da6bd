import { describe, expect, it } from 'vitest';
import { encodeFailure, showError } from '../../../lib/consumer/task-failure.js';

const decode = (thrown: unknown): { name: string; message: string; stack?: string } =>
  JSON.parse(encodeFailure(thrown)) as { name: string; message: string; stack?: string };

describe('encodeFailure', () => {
  it('keeps name, message and stack of an error', () => {
    const error = new TypeError('no such thing');
    expect(decode(error)).toEqual({ name: 'TypeError', message: 'no such thing', stack: error.stack });
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['text', 'text'],
    [5n, '5n'],
    [Symbol('s'), 'Symbol(s)'],
    [{ a: 1 }, '{ a: 1 }'],
  ])('keeps %s, which is no error', (thrown, message) => {
    expect(decode(thrown)).toEqual({ name: 'NonError', message });
    expect(showError(thrown)).toBe(message);
  });

  it('survives what throws when it is looked at', () => {
    const error = new Error('x');
    Object.defineProperty(error, 'message', {
      get() {
        throw new Error('gotcha');
      },
    });
    expect(decode(error)).toMatchObject({ name: 'Error', message: '(unreadable)' });
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('gotcha');
        },
      },
    );
    expect(decode(trap).name).toBe('NonError');
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(decode(cyclic).message).toContain('Circular');
  });

  it('bounds what is huge', () => {
    const error = new Error('m'.repeat(1_000_000));
    expect(encodeFailure(error).length).toBeLessThan(11_000);
    expect(encodeFailure('t'.repeat(1_000_000)).length).toBeLessThan(3_000);
  });
});

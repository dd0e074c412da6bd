import { describe, expect, it } from 'vitest';
import { encodeResult } from '../../../lib/consumer/task-result.js';

describe('encodeResult', () => {
  it('keeps the JSON of a value, and nothing of undefined', () => {
    expect(encodeResult({ a: 1 }, 100)).toEqual({ result: '{"a":1}' });
    expect(encodeResult(null, 100)).toEqual({ result: 'null' });
    expect(encodeResult(undefined, 100)).toEqual({ result: undefined });
  });

  it('measures in UTF-8 bytes, to the byte', () => {
    expect(encodeResult('üü', 6)).toEqual({ result: '"üü"' });
    expect(encodeResult('üü', 5)).toEqual({ unrecorded: 'the result takes 6 bytes, maxResultBytes allows 5' });
    expect(encodeResult('aa', 4)).toEqual({ result: '"aa"' });
    expect(encodeResult('aa', 3)).toHaveProperty('unrecorded');
  });

  it.each([[5n], [() => 1], [Symbol('s')]])('says why %s is not kept', (value) => {
    expect(encodeResult(value, 100)).toHaveProperty('unrecorded', expect.stringContaining('JSON'));
  });
});

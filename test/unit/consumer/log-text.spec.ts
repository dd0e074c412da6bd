import { expect, it } from 'vitest';
import { logText } from '../../../lib/consumer/log-text.js';

it('keeps a line as it is, of whatever it is made', () => {
  for (const line of ['', 'sent', 'two\nlines', '"quoted"\u0000', '🙂'.repeat(1_000)]) expect(logText(line)).toBe(line);
});

it('cuts a long one, and no character in two', () => {
  expect(logText('x'.repeat(2_001))).toBe(`${'x'.repeat(1_999)}…`);
  expect(logText('🙂'.repeat(1_001))).toBe(`${'🙂'.repeat(999)}…`);
});

it('is well-formed in any case', () => {
  expect(logText('a\ud83d')).toBe('a\ufffd');
  expect(logText(`\udc00${'x'.repeat(2_001)}`)).toBe(`\ufffd${'x'.repeat(1_998)}…`);
});

it('shows what is no text', () => {
  const hostile = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no');
      },
    },
  );
  for (const value of [undefined, null, 1, 1n, { a: 1 }, Symbol('s'), hostile])
    expect(typeof logText(value)).toBe('string');
  expect(logText({ a: 1 })).toBe('{ a: 1 }');
});

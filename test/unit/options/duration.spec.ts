import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../lib/options/duration.js';

describe('parseDuration', () => {
  it.each([
    [0, 0],
    [1500, 1500],
    [1.6, 2],
    ['0ms', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
  ])('reads %s as %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each([-1, Number.NaN, Infinity, '', '5', '5 s', '-5s', '5S', '1e3s', 's', null, undefined, {}, [5], true])(
    'refuses %s',
    (value) => expect(parseDuration(value)).toBeNull(),
  );
});

import { describe, expect, it } from 'vitest';
import { lockOf } from '../../../lib/options/lock-options.js';

const key = 'k';
const refusal = (options: object): string => {
  try {
    lockOf('task', options);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    return (error as Error).message;
  }
  return 'none';
};

describe('the options of locks', () => {
  it.each<[options: object, expected: object]>([
    [{ unique: { key, until: 'started' } }, { lock: { key: 'unique:task\nk', until: 'started' } }],
    [{ unique: { key, until: 'finished' }, delay: 5 }, { lock: { key: 'unique:task\nk', until: 'finished' } }],
    [{ unique: { key, until: '2m' } }, { lock: { key: 'unique:task\nk', until: 120_000 } }],
    [
      { throttle: { key: 'ü'.repeat(128), per: 50 } },
      { lock: { key: `throttle:task\n${'ü'.repeat(128)}`, until: 50 } },
    ],
    [
      { debounce: { key, wait: '1s' } },
      { lock: { key: 'debounce:task\nk', maxWaitMs: Infinity, waitsForRun: false }, due: { inMs: 1_000 } },
    ],
    [
      { debounce: { key, wait: '1s', maxWait: '1s', whileRunning: 'queue-latest' } },
      { lock: { key: 'debounce:task\nk', maxWaitMs: 1_000, waitsForRun: true }, due: { inMs: 1_000 } },
    ],
  ])('%j', (options, expected) => {
    expect(lockOf('task', options)).toEqual(expected);
  });

  it('are none where none is given', () => {
    expect(lockOf('task', { delay: 1, id: 'x', unique: undefined })).toBeUndefined();
  });

  it.each<[what: string, options: object, told: RegExp]>([
    ['no object', { unique: 'k' }, /"unique" is 'k'; allowed is an object with key, until/],
    ['null', { debounce: null }, /"debounce" is null/],
    ['without a key', { unique: { until: 'started' } }, /"unique.key" is undefined; allowed is text of 1 to 256 bytes/],
    ['without an end', { unique: { key } }, /"unique.until" is undefined; allowed is 'started', 'finished', or/],
    ['with an end that is none', { unique: { key, until: 'later' } }, /"unique.until" is 'later'/],
    ['with no time', { unique: { key, until: 0 } }, /"unique.until" is 0/],
    ['with more than a year', { throttle: { key, per: '366d' } }, /"throttle.per"/],
    ['without a span', { throttle: { key } }, /"throttle.per" is undefined/],
    ['without a wait', { debounce: { key } }, /"debounce.wait" is undefined/],
    ['with no wait', { debounce: { key, wait: 0 } }, /"debounce.wait" is 0/],
    [
      'shorter than the wait',
      { debounce: { key, wait: '2s', maxWait: '1s' } },
      /"debounce.maxWait".* at least as long as/,
    ],
    ['with another policy', { debounce: { key, wait: 1, whileRunning: 'skip' } }, /allowed is 'queue-latest'/],
    ['misspelled', { debounce: { key, wait: 1, maxwait: 2 } }, /"debounce.maxwait" is 2; allowed is one of key, wait/],
    ['with an empty key', { throttle: { key: '', per: 1 } }, /"throttle.key"/],
    ['with a key that is too long', { throttle: { key: 'ü'.repeat(129), per: 1 } }, /"throttle.key"/],
    ['with half a character as key', { throttle: { key: '\ud800', per: 1 } }, /"throttle.key"/],
    ['with a number as key', { throttle: { key: 7, per: 1 } }, /"throttle.key" is 7/],
    ['two of them', { unique: { key, until: 1 }, debounce: { key, wait: 1 } }, /"debounce" .* none beside unique/],
    ['throttle with a delay', { throttle: { key, per: 1 }, delay: 1 }, /"delay" is 1; allowed is none beside throttle/],
    ['throttle with a moment', { throttle: { key, per: 1 }, runAt: new Date() }, /"runAt" .*none beside throttle/],
    [
      'debounce with a delay',
      { debounce: { key, wait: 1 }, delay: 0 },
      /"delay" is 0; allowed is none beside debounce/,
    ],
    ['debounce with a moment', { debounce: { key, wait: 1 }, runAt: new Date() }, /"runAt" .* its wait says when/],
    ['one with an id', { unique: { key, until: 1 }, id: 'x' }, /"id" is 'x'; allowed is none beside unique/],
  ])('are refused: %s', (_, options, told) => {
    expect(refusal(options)).toMatch(told);
  });
});

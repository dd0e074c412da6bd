import { describe, expect, it } from 'vitest';
import { decodeTiming, encodeTiming, type Ticks, ticksOf, ticksOfText } from '../../../lib/schedule/ticks.js';

type Row = [what: string, cron: string, from: string, ticks: string];

/** All from that moment on, up to the last one that is expected. Times are UTC, of 2026. */
function ticksFrom(ticks: Ticks, from: string, count: number): string {
  const found: string[] = [];
  let at: number | null = Date.parse(`2026-${from}Z`) - 1;
  while (found.length < count && (at = ticks.next(at)) !== null) {
    found.push(new Date(at).toISOString().slice('2026-'.length, -':00.000Z'.length));
  }
  return found.join(' ');
}

function table(timezone: string, rows: readonly Row[]): void {
  it.each(rows)(`${timezone}, %s: "%s"`, (_, cron, from, expected) => {
    expect(ticksFrom(ticksOf({ cron, timezone }), from, expected.split(' ').length)).toBe(expected);
  });
}

describe('daylight saving', () => {
  // 29 March, 02:00 becomes 03:00 at 01:00 UTC; 25 October, 03:00 becomes 02:00 at 01:00 UTC.
  table('Europe/Berlin', [
    ['a time in the gap comes at its end', '30 2 * * *', '03-28T00:00', '03-28T01:30 03-29T01:00 03-30T00:30'],
    ['a time in the fold comes once, first', '30 2 * * *', '10-24T00:00', '10-24T00:30 10-25T00:30 10-26T01:30'],
    [
      'several times in the gap come together, once',
      '0,30 2 * * *',
      '03-28T00:00',
      '03-28T01:00 03-28T01:30 03-29T01:00 03-30T00:00 03-30T00:30',
    ],
    [
      'several times in the fold come once each',
      '0,30 2 * * *',
      '10-25T00:00',
      '10-25T00:00 10-25T00:30 10-26T01:00 10-26T01:30',
    ],
    ['steps in the gap do not come', '*/30 2 * * *', '03-28T00:00', '03-28T01:00 03-28T01:30 03-30T00:00 03-30T00:30'],
    [
      'steps in the fold come twice',
      '*/30 2 * * *',
      '10-25T00:00',
      '10-25T00:00 10-25T00:30 10-25T01:00 10-25T01:30 10-26T01:00',
    ],
    ['every hour goes on across the gap', '15 * * * *', '03-28T23:30', '03-29T00:15 03-29T01:15 03-29T02:15'],
    ['every hour goes on across the fold', '15 * * * *', '10-24T23:30', '10-25T00:15 10-25T01:15 10-25T02:15'],
    ['a time of the day is that of the clock on the wall', '0 8 * * 1-5', '03-27T00:00', '03-27T07:00 03-30T06:00'],
  ]);

  // 8 March, 02:00 becomes 03:00 at 07:00 UTC; 1 November, 02:00 becomes 01:00 at 06:00 UTC.
  table('America/New_York', [
    ['a time in the gap comes at its end', '30 2 * * *', '03-07T00:00', '03-07T07:30 03-08T07:00 03-09T06:30'],
    ['a time in the fold comes once, first', '30 1 * * *', '10-31T00:00', '10-31T05:30 11-01T05:30 11-02T06:30'],
    [
      'steps in the fold come twice',
      '*/20 1 * * *',
      '11-01T00:00',
      '11-01T05:00 11-01T05:20 11-01T05:40 11-01T06:00 11-01T06:20 11-01T06:40 11-02T06:00',
    ],
    [
      'every six hours is by the clock on the wall',
      '0 */6 * * *',
      '03-07T20:00',
      '03-07T23:00 03-08T05:00 03-08T10:00 03-08T16:00',
    ],
  ]);

  // Half an hour. 4 October, 02:00 becomes 02:30 at 15:30 UTC the day before; 5 April, 02:00 becomes 01:30 at 15:00 UTC.
  table('Australia/Lord_Howe', [
    ['a time in the gap comes at its end', '15 2 * * *', '10-02T00:00', '10-02T15:45 10-03T15:30 10-04T15:15'],
    ['a time in the fold comes once, first', '45 1 * * *', '04-03T00:00', '04-03T14:45 04-04T14:45 04-05T15:15'],
    ['every quarter goes on across the gap', '*/15 * * * *', '10-03T15:10', '10-03T15:15 10-03T15:30 10-03T15:45'],
    [
      'every quarter goes on across the fold',
      '*/15 * * * *',
      '04-04T14:40',
      '04-04T14:45 04-04T15:00 04-04T15:15 04-04T15:30',
    ],
  ]);

  // A gap at midnight: 24 April, 00:00 becomes 01:00 at 22:00 UTC the day before.
  table('Africa/Cairo', [
    ['midnight comes at the end of its gap', '0 0 * * *', '04-22T00:00', '04-22T22:00 04-23T22:00 04-24T21:00'],
  ]);

  table('Asia/Kolkata', [['there is none', '30 2 * * *', '03-28T00:00', '03-28T21:00 03-29T21:00 03-30T21:00']]);
  table('UTC', [['there is none', '30 2 * * *', '03-28T00:00', '03-28T02:30 03-29T02:30 03-30T02:30']]);
});

describe('the ticks of a timing', () => {
  const timings = [
    { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
    { cron: '*/15 * * * *', timezone: 'Australia/Lord_Howe' },
    { cron: '15,45 1-3 * * *', timezone: 'America/New_York' },
    { cron: '*/20 30 2 * * *', timezone: 'Europe/Berlin' },
    { everyMs: 7 * 60_000 },
  ];

  it.each(timings)('%j are the same from wherever one looks, forwards and backwards', (timing) => {
    const ticks = ticksOf(timing);
    for (const day of ['03-08', '03-29', '04-05', '10-04', '10-25', '11-01', '12-31']) {
      const from = Date.parse(`2026-${day}T00:00Z`) - 4 * 86_400_000;
      const all: number[] = [];
      for (let at = ticks.next(from); at !== null && at < from + 8 * 86_400_000; at = ticks.next(at)) all.push(at);
      for (let at = from + 3 * 86_400_000; at < from + 5.5 * 86_400_000; at += 1_117_003) {
        expect(ticks.next(at)).toBe(all.find((tick) => tick > at));
        expect(ticks.latest(at, 2)).toEqual(all.filter((tick) => tick <= at).slice(-2));
      }
    }
  });

  it('include the moment itself backwards, and not forwards', () => {
    for (const timing of [{ everyMs: 60_000 }, { cron: '* * * * *', timezone: 'UTC' }]) {
      const minute = Date.parse('2026-05-05T05:05Z');
      expect(ticksOf(timing).next(minute)).toBe(minute + 60_000);
      expect(ticksOf(timing).next(minute - 1)).toBe(minute);
      expect(ticksOf(timing).latest(minute, 2)).toEqual([minute - 60_000, minute]);
      expect(ticksOf(timing).latest(minute - 1, 1)).toEqual([minute - 60_000]);
    }
  });

  it('are counted from 1970 on where they come in even spans', () => {
    expect(ticksFrom(ticksOf({ everyMs: 900_000 }), '01-01T00:01', 3)).toBe('01-01T00:15 01-01T00:30 01-01T00:45');
    expect(ticksOf({ everyMs: 500 }).next(1_200)).toBe(1_500);
  });

  it('end where no moment meets the expression', () => {
    expect(ticksOf({ cron: '0 0 30 2 *', timezone: 'UTC' }).next(0)).toBeNull();
  });
});

describe('a timing in Redis', () => {
  it.each([{ everyMs: 500 }, { cron: '0 8 * * *', timezone: 'Europe/Berlin' }])(
    'comes back as it was: %j',
    (timing) => {
      expect(decodeTiming(encodeTiming(timing))).toEqual(timing);
      expect(ticksOfText(encodeTiming(timing)).next(0)).toBe(ticksOf(timing).next(0));
    },
  );

  it.each([
    '',
    '{',
    'null',
    '{}',
    '{"everyMs":0}',
    '{"everyMs":1.5}',
    '{"cron":"* * * * *"}',
    '{"cron":"x","timezone":"UTC"}',
  ])('is refused where it is none: %s', (text) => expect(() => ticksOfText(text)).toThrow(/\S/));
});

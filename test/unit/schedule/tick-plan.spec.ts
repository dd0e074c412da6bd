import { describe, expect, it } from 'vitest';
import { type CatchUp, decodeCatchUp, MISSED_AFTER_MS, planTicks } from '../../../lib/schedule/tick-plan.js';
import { ticksOf } from '../../../lib/schedule/ticks.js';

const MINUTE = 60_000;
const minutely = ticksOf({ cron: '* * * * *', timezone: 'UTC' });
const noon = Date.parse('2026-05-05T12:00Z');

describe('a tick that is due', () => {
  it.each<CatchUp>(['none', 'last', 3])('is made, whatever is done with missed ones: %s', (catchUp) => {
    for (const lateMs of [0, 1, MISSED_AFTER_MS]) {
      expect(planTicks(minutely, noon, noon + lateMs, catchUp)).toEqual({
        ticks: [noon],
        nextMs: noon + MINUTE,
        isLate: false,
      });
    }
  });

  it('is made with those that have become due since', () => {
    const plan = planTicks(ticksOf({ everyMs: 1_000 }), noon, noon + 3_500, 'none');
    expect(plan).toEqual({
      ticks: [noon, noon + 1_000, noon + 2_000, noon + 3_000],
      nextMs: noon + 4_000,
      isLate: false,
    });
  });
});

describe('ticks that were missed', () => {
  const now = noon + 5 * MINUTE + 20_000;
  it.each<[catchUp: CatchUp, minutes: number[]]>([
    ['none', []],
    ['last', [5]],
    [1, [5]],
    [3, [3, 4, 5]],
    [1_000, [0, 1, 2, 3, 4, 5]],
  ])('%s', (catchUp, minutes) => {
    expect(planTicks(minutely, noon, now, catchUp)).toEqual({
      ticks: minutes.map((minute) => noon + minute * MINUTE),
      nextMs: noon + 6 * MINUTE,
      isLate: true,
    });
  });

  it('are made in several steps where they are many, none of them twice', () => {
    const made: number[] = [];
    let tick: number | null = noon;
    const until = noon + 500 * MINUTE;
    for (let step = 0; tick !== null && tick <= until; step++) {
      expect(step).toBeLessThan(5);
      const plan = planTicks(minutely, tick, until, 120);
      expect(plan.ticks.length).toBeLessThanOrEqual(50);
      made.push(...plan.ticks);
      tick = plan.nextMs;
    }
    expect(made).toEqual(Array.from({ length: 120 }, (_, i) => noon + (381 + i) * MINUTE));
    expect(tick).toBe(until + MINUTE);
  });

  it.each([
    ['none', 'none'],
    ['last', 'last'],
    ['7', 7],
    ['', 'last'],
    ['0', 'last'],
    ['all', 'last'],
  ] as const)('%j in Redis is %s', (text, catchUp) => {
    expect(decodeCatchUp(text)).toBe(catchUp);
  });
});

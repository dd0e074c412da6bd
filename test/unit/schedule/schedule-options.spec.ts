import { describe, expect, it } from 'vitest';
import { InvalidScheduleError } from '../../../lib/index.js';
import { checkSchedule, type GivenTicks } from '../../../lib/schedule/checked-schedule.js';

const check = (given: object): unknown => checkSchedule('nightly', { task: 'work', ...given });

function problems(given: object): string[] {
  try {
    check(given);
  } catch (error) {
    if (error instanceof InvalidScheduleError) return error.problems.map(({ option }) => option);
    throw error;
  }
  return [];
}

describe('a schedule', () => {
  it.each<GivenTicks>([
    { cron: '0 8 * * 1-5' },
    { cron: '  */10 0 8 * * MON-FRI ' },
    { cron: '0 0 L * *', timezone: 'Europe/Berlin' },
    { cron: '0 0 29 2 *' },
    { cron: '@daily', timezone: 'UTC' },
    { every: '15m' },
    { every: 100, catchUp: 'none', overlap: 'skip' },
    { every: '1d', catchUp: 1_000, overlap: 'allow', attempts: 3, backoff: '5s', expiresIn: '1h', data: [1] },
  ])('may be %j', (given) => {
    expect(problems(given)).toEqual([]);
  });

  it.each<[given: object, options: string[]]>([
    [{}, ['cron']],
    [{ cron: '0 8 * * *', every: '1h' }, ['cron']],
    [{ cron: '61 * * * *' }, ['cron']],
    [{ cron: '* * * *' }, ['cron']],
    [{ cron: '0 0 1 1 * 2030 2031' }, ['cron']],
    [{ cron: '*/0 * * * *' }, ['cron']],
    [{ cron: '@reboot' }, ['cron']],
    [{ cron: '2026-01-01T00:00:00' }, ['cron']],
    [{ cron: 'every day' }, ['cron']],
    [{ cron: '0 0 30 2 *' }, ['cron']],
    [{ cron: '0 0 31 4,6,9,11 *' }, ['cron']],
    [{ cron: 5 }, ['cron']],
    [{ every: '99ms' }, ['every']],
    [{ every: '366d' }, ['every']],
    [{ every: 'often' }, ['every']],
    [{ every: '1h', timezone: 'Europe/Berlin' }, ['timezone']],
    [{ cron: '0 8 * * *', timezone: 'Europe/Nowhere' }, ['timezone']],
    [{ cron: '0 8 * * *', timezone: '+02:00' }, ['timezone']],
    [{ cron: '0 8 * * *', timezone: '' }, ['timezone']],
    [{ every: '1h', catchUp: 0 }, ['catchUp']],
    [{ every: '1h', catchUp: 1_001 }, ['catchUp']],
    [{ every: '1h', catchUp: 'all' }, ['catchUp']],
    [{ every: '1h', overlap: 'never' }, ['overlap']],
    [{ every: '1h', overlap: 'skip', catchUp: 5 }, ['catchUp']],
    [{ every: '1h', overlap: 'queue', catchUp: 5 }, ['catchUp']],
    [{ every: '1h', id: 'mine', delay: '1s' }, ['id', 'delay']],
    [{ cron: 'x', timezone: 'y', overlap: 'z' }, ['cron', 'timezone', 'overlap']],
  ])('may not be %j', (given, options) => {
    expect(problems(given)).toEqual(options);
  });

  it('is refused with what to do instead, and all of it at once', () => {
    expect(() => check({ cron: '61 8 * * *', timezone: 'Mars/Base', overlap: 'skip' })).toThrow(
      /^Schedule "nightly": "timezone" is 'Mars\/Base'; allowed is a time zone that this system knows.*\.$/,
    );
    expect(() => check({ cron: '61 8 * * *' })).toThrow(
      /"cron" is '61 8 \* \* \*'; allowed is five fields: .* or use every: '15m' \(Invalid value for minute: 61\)\.$/,
    );
    expect(() => check({ cron: '0 0 30 2 *' })).toThrow(/none ever meets this one: look at its days and months/);
    expect(() => check({ every: '1h', overlap: 'skip', catchUp: 5 })).toThrow(
      /'none' or 'last' with overlap 'skip', .* or overlap 'allow'/,
    );
  });

  it.each(['', 'a\nb', 'x'.repeat(201), 'é'.repeat(101), '\ud800', 7, null])('may not be called %j', (name) => {
    expect(() => checkSchedule(name, { every: '1h', task: 'work' })).toThrow(InvalidScheduleError);
  });

  it.each<[code: string, given: object]>([
    ['INVALID_NAME', { task: '' }],
    ['INVALID_OPTIONS', { attempts: 0 }],
    ['INVALID_OPTIONS', { backoff: () => 5 }],
  ])('has tasks, for which their rules hold: %s', (code, given) => {
    expect(() => check({ every: '1h', ...given })).toThrow(expect.objectContaining({ code }) as Error);
  });
});

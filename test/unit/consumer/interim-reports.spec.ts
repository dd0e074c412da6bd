import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogLine } from '../../../lib/broker/log-line.js';
import { InterimReports, PACE_MS } from '../../../lib/consumer/interim-reports.js';

let reports: InterimReports;
let wakeUps: number;
beforeEach(() => {
  vi.useFakeTimers();
  wakeUps = 0;
  reports = new InterimReports(() => wakeUps++);
});
afterEach(() => {
  reports.stop();
  vi.useRealTimers();
});

const line = (n: number, text = `line ${n}`): LogLine => ({ at: n, attempt: 1, n, line: text });
const takeDue = (): unknown[] => reports.dueIds.flatMap((id) => reports.take(id));
const progress = (id: string, json: string): unknown => ({ kind: 'progress', id, progress: json });

describe('the pace', () => {
  it('lets the first word of a task pass at once', () => {
    reports.progressed('a', '1');
    reports.progressed('b', '1');
    expect(takeDue()).toEqual([progress('a', '1'), progress('b', '1')]);
    expect(reports.hasDue).toBe(false);
  });

  it('lets the last word pass once the task has rested, and wakes for that once', () => {
    reports.progressed('a', '1');
    takeDue();
    for (let n = 2; n <= 10_000; n++) reports.progressed('a', String(n));
    vi.advanceTimersByTime(PACE_MS - 1);
    expect([reports.hasDue, wakeUps]).toEqual([false, 0]);
    vi.advanceTimersByTime(1);
    expect([takeDue(), wakeUps]).toEqual([[progress('a', '10000')], 1]);
    vi.advanceTimersByTime(PACE_MS);
    expect([reports.hasDue, wakeUps]).toEqual([false, 1]);
  });

  it('is that of each task, with one timer for all', () => {
    for (const id of ['a', 'b', 'c']) {
      reports.progressed(id, '1');
      takeDue();
      vi.advanceTimersByTime(10);
    }
    for (const id of ['c', 'b', 'a']) reports.progressed(id, '2');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(PACE_MS - 30);
    expect(takeDue()).toEqual([progress('a', '2')]);
    vi.advanceTimersByTime(10);
    expect(takeDue()).toEqual([progress('b', '2')]);
    vi.advanceTimersByTime(10);
    expect(takeDue()).toEqual([progress('c', '2')]);
  });

  it('begins anew with each report', () => {
    reports.progressed('a', '1');
    takeDue();
    vi.advanceTimersByTime(PACE_MS / 2);
    reports.progressed('a', '2');
    // As where an outcome of the task travels.
    expect(reports.take('a')).toEqual([progress('a', '2')]);
    reports.progressed('a', '3');
    vi.advanceTimersByTime(PACE_MS / 2);
    expect(reports.hasDue).toBe(false);
    vi.advanceTimersByTime(PACE_MS / 2);
    expect(takeDue()).toEqual([progress('a', '3')]);
  });

  it('leaves no timer behind', () => {
    reports.progressed('a', '1');
    takeDue();
    reports.progressed('a', '2');
    expect(vi.getTimerCount()).toBe(1);
    reports.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('forgets a task that is not held any more', () => {
    reports.progressed('a', '1');
    reports.progressed('b', '1');
    reports.keepOnly(new Set(['b']));
    expect(takeDue()).toEqual([progress('b', '1')]);
    expect(reports.weightOf('a')).toBe(0);
  });
});

describe('lines', () => {
  it('travel together, in order, with the progress of their task', () => {
    reports.logged('a', line(1));
    reports.progressed('a', '1');
    reports.logged('a', line(2));
    expect(takeDue()).toEqual([progress('a', '1'), { kind: 'logged', id: 'a', lines: [line(1), line(2)] }]);
  });

  it('come back in front of what was logged meanwhile', () => {
    reports.logged('a', line(1));
    const taken = reports.take('a');
    reports.logged('a', line(2));
    reports.restore(taken);
    expect(reports.take('a')).toEqual([{ kind: 'logged', id: 'a', lines: [line(1), line(2)] }]);
  });

  it('come back in order from calls that have failed, whichever comes back first', () => {
    reports.logged('a', line(1));
    const first = reports.take('a');
    reports.logged('a', line(2));
    const second = reports.take('a');
    reports.logged('a', line(3));
    reports.restore(first);
    reports.restore(second);
    expect(reports.take('a')).toEqual([{ kind: 'logged', id: 'a', lines: [line(1), line(2), line(3)] }]);
  });

  const lines = (): LogLine[] => reports.take('a').flatMap((each) => (each.kind === 'logged' ? each.lines : []));

  it('are the last ones if there are too many, and one says how many are missing', () => {
    for (let n = 1; n <= 2_500; n++) reports.logged('a', line(n));
    const kept = lines();
    expect(kept).toHaveLength(1_000);
    expect(kept[0]).toEqual(line(1_501, '(1501 lines were dropped: too many at once)'));
    expect([kept[1], kept.at(-1)]).toEqual([line(1_502), line(2_500)]);
  });

  it('are the last ones if they are too long', () => {
    for (let n = 1; n <= 500; n++) reports.logged('a', line(n, String(n).padEnd(2_000)));
    const kept = lines();
    const chars = kept.reduce((sum, { line: text }) => sum + text.length, 0);
    expect(chars).toBeLessThanOrEqual(256 * 1024 + 100);
    expect(kept[0]?.line).toMatch(/^\(\d+ lines were dropped/);
    expect(kept.at(-1)?.n).toBe(500);
  });
});

import { describe, expect, it } from 'vitest';
import { Figures } from '../../../../lib/broker/figures.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import { type Span, SPAN_MS, type WorkerReport } from '../../../../lib/broker/report-store.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { ManualWorker, RETENTION } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-reports'))('$name: reports', (stage) => {
  const q = partitionOf('q');

  function figuresOf(counts: Partial<Record<'completed' | 'failed' | 'retried' | 'cancelled', number>>): Figures {
    return Object.assign(new Figures(), counts);
  }

  function reportOf(worker: string, number: number, figures = new Figures(), facts = '{}'): WorkerReport {
    return { worker, number, facts, figures };
  }

  /** Of the last few minutes, or hours. */
  async function sum(broker: TaskBroker, span: Span): Promise<Figures> {
    const now = await stage.now();
    const all = new Figures();
    const found = await broker.reports.history(q, span, now - 10 * SPAN_MS[span], now + SPAN_MS[span]);
    for (const [at, figures] of found) {
      expect(at % SPAN_MS[span]).toBe(0);
      all.add(figures);
    }
    return all;
  }

  it.each(['minute', 'hour'] as const)('of several workers add up in each %s', async (span) => {
    const broker = stage.open();
    for (const worker of ['v', 'w']) await new ManualWorker(broker, q, worker).join();
    const figures = figuresOf({ completed: 3, failed: 2, retried: 1, cancelled: 4 });
    for (const ms of [0.4, 7, 1e9]) figures.runTime.note(ms);
    figures.waitTime.note(450);
    const workers = ['v', 'w', 'v', 'w'];
    const answers = await Promise.all(
      workers.map(async (worker, n) => broker.reports.report(q, reportOf(worker, n + 1, figures))),
    );
    expect(answers).toEqual([true, true, true, true]);
    const all = await sum(broker, span);
    expect(all).toMatchObject({ completed: 12, failed: 8, retried: 4, cancelled: 16 });
    expect(all.runTime.counts.filter((count) => count > 0)).toEqual([4, 4, 4]);
    expect(all.runTime.counts.at(-1)).toBe(4);
    expect(Math.abs(all.runTime.sumMs - 4 * 1_000_000_007)).toBeLessThan(4);
    expect(all.waitTime.sumMs).toBe(1_800);
  });

  it('that are sent twice count once', async () => {
    const broker = stage.open();
    await new ManualWorker(broker, q, 'w').join();
    const first = reportOf('w', 1, figuresOf({ completed: 1 }));
    expect(await broker.reports.report(q, first)).toBe(true);
    expect(await broker.reports.report(q, first)).toBe(true);
    expect(await broker.reports.report(q, reportOf('w', 2, figuresOf({ completed: 1 })))).toBe(true);
    expect(await broker.reports.report(q, first)).toBe(true);
    expect(await sum(broker, 'minute')).toMatchObject({ completed: 2 });
  });

  it('of what is no worker, or not any more, do not count', async () => {
    const broker = stage.open();
    const report = async (number: number): Promise<boolean> =>
      broker.reports.report(q, reportOf('w', number, figuresOf({ completed: 1 })));
    expect(await report(1)).toBe(false);
    await new ManualWorker(broker, q, 'w').join();
    expect(await report(2)).toBe(true);
    await broker.leave(q, 'w');
    expect(await report(3)).toBe(false);
    expect(await sum(broker, 'minute')).toMatchObject({ completed: 1 });
  });

  it('tell of workers for as long as their leases are good', async () => {
    const broker = stage.open();
    await new ManualWorker(broker, q, 'lives').join();
    await new ManualWorker(broker, q, 'is silent').join();
    await new ManualWorker(broker, q, 'dies', { leaseMs: 20 }).join();
    for (const worker of ['lives', 'dies']) {
      await broker.reports.report(q, reportOf(worker, 1, new Figures(), '{"n":1}'));
      await broker.reports.report(q, reportOf(worker, 2, new Figures(), '{"n":2}'));
    }
    const facts = async (): Promise<Record<string, string | null>> =>
      Object.fromEntries((await broker.reports.workers(q)).map(({ worker, facts }) => [worker, facts]));
    expect(await facts()).toEqual({ lives: '{"n":2}', 'is silent': null, dies: '{"n":2}' });
    const [{ now, leaseExpiresAt } = { now: 0, leaseExpiresAt: 0 }] = await broker.reports.workers(q);
    expect(Math.abs(now - (await stage.now()))).toBeLessThan(5_000);
    expect(leaseExpiresAt).toBeGreaterThan(now);
    await stage.passes(25);
    expect(await facts()).toEqual({ lives: '{"n":2}', 'is silent': null });
    await broker.recover(q, 2, RETENTION);
    await broker.leave(q, 'lives');
    expect(await facts()).toEqual({ 'is silent': null });
  });

  it('are those of the time that is asked for, and of no other', async () => {
    const broker = stage.open();
    await new ManualWorker(broker, q, 'w').join();
    await broker.reports.report(q, reportOf('w', 1, figuresOf({ completed: 1 })));
    const minute = Math.floor((await stage.now()) / 60_000) * 60_000;
    const of = async (from: number, to: number): Promise<number> =>
      (await broker.reports.history(q, 'minute', from, to)).size;
    // The minute may have changed meanwhile.
    expect(await of(minute - 60_000, minute + 60_000)).toBe(1);
    expect(await of(minute - 3_600_000, minute - 60_000)).toBe(0);
    expect(await of(minute + 60_000, minute + 120_000)).toBe(0);
  });

  it('name queues until these are removed', async () => {
    const broker = stage.open();
    await broker.reports.enterQueue('a');
    await broker.reports.enterQueue('b');
    await broker.reports.enterQueue('a');
    expect((await broker.reports.queues()).sort()).toEqual(['a', 'b']);
    await broker.reports.removeQueue('a');
    expect(await broker.reports.queues()).toEqual(['b']);
  });
});

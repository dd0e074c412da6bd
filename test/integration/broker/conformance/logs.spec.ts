import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import type { LogLine } from '../../../../lib/broker/log-line.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import { completed, ManualWorker, newTask } from '../../../support/broker-fixture.js';
import { stages } from '../../../support/stages.js';

describe.each(stages('conformance-logs'))('$name: what tasks log', (stage) => {
  const q = partitionOf('q');
  const line = (n: number, { at = 1_000, attempt = 1 } = {}): LogLine => ({ at, attempt, n, line: `line ${n}` });
  const logged = (id: string, ...lines: LogLine[]): Outcome => ({ kind: 'logged', id, lines });

  async function holding(
    ...ids: string[]
  ): Promise<{ worker: ManualWorker; logOf: (id: string) => Promise<LogLine[]> }> {
    const broker = stage.open();
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
    const worker = await new ManualWorker(broker, q, 'w1').join();
    await worker.claim(ids.length);
    return { worker, logOf: async (id) => broker.logs(q, id, 0, 10_000) };
  }

  it('is added to what is there, for each task, beside whatever else is reported', async () => {
    const { worker, logOf } = await holding('a', 'b');
    await worker.exchange(0, [
      logged('a', line(1), line(2)),
      logged('b', line(1)),
      { kind: 'progress', id: 'a', progress: '1' },
    ]);
    const reply = await worker.exchange(0, [logged('a', line(3)), completed('a'), completed('b')]);
    expect(reply?.refused).toEqual([]);
    expect(await logOf('a')).toEqual([line(1), line(2), line(3)]);
    expect(await logOf('b')).toEqual([line(1)]);
  });

  it('is nothing of a task that the worker does not hold', async () => {
    const { worker, logOf } = await holding('a');
    await worker.exchange(0, [completed('a')]);
    expect((await worker.exchange(0, [logged('a', line(1)), logged('x', line(1))]))?.refused).toEqual([]);
    expect([await logOf('a'), await logOf('x')]).toEqual([[], []]);
  });

  it('is not written twice, however late a call arrives', async () => {
    const { worker, logOf } = await holding('a');
    const first = logged('a', line(1, { at: 1_000 }), line(2, { at: 1_000 }));
    await worker.exchange(0, [first]);
    await worker.exchange(0, [logged('a', line(1, { at: 1_000 }), line(2, { at: 1_000 }), line(3, { at: 1_001 }))]);
    await worker.exchange(0, [first]);
    expect((await logOf('a')).map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  it('is written of another run, also of one of the same attempt', async () => {
    const { worker, logOf } = await holding('a');
    await worker.exchange(0, [logged('a', line(1), line(2))]);
    await worker.exchange(0, [logged('a', line(1, { at: 2_000 }))]);
    await worker.exchange(0, [logged('a', line(1, { at: 2_000, attempt: 2 }))]);
    expect((await logOf('a')).map(({ at, attempt, n }) => [at, attempt, n])).toEqual([
      [1_000, 1, 1],
      [1_000, 1, 2],
      [2_000, 1, 1],
      [2_000, 2, 1],
    ]);
  });

  it('is bounded: the last lines are kept', async () => {
    const { worker, logOf } = await holding('a');
    const lines = Array.from({ length: 1_500 }, (_, at) => line(at + 1));
    await worker.exchange(0, [logged('a', ...lines.slice(0, 750))]);
    await worker.exchange(0, [logged('a', ...lines.slice(750))]);
    expect(await logOf('a')).toEqual(lines.slice(500));
  });

  it.each<[what: string, ending: Outcome]>([
    ['completed', completed('a', { ttlMs: 0 })],
    ['failed', { kind: 'failed', id: 'a', error: '{}', ranMs: 0, ttlMs: 0 }],
    ['cancelled', { kind: 'cancelled', id: 'a', reason: 'x', ttlMs: 0 }],
  ])('goes with a task that is not kept: %s', async (_what, ending) => {
    const { worker, logOf } = await holding('a', 'b');
    await worker.exchange(0, [logged('a', line(1)), logged('b', line(1))]);
    await worker.exchange(0, [logged('a', line(2)), ending]);
    expect([await logOf('a'), await logOf('b')]).toEqual([[], [line(1)]]);
  });

  it('stays where that alone is kept', async () => {
    const { worker, logOf } = await holding('a', 'b');
    await worker.exchange(0, [logged('a', line(1)), completed('a', { ttlMs: -1 })]);
    await worker.exchange(0, [logged('b', line(1)), { kind: 'cancelled', id: 'b', reason: 'x', ttlMs: -1 }]);
    expect([await logOf('a'), await logOf('b')]).toEqual([[line(1)], [line(1)]]);
    expect(await stage.open().statuses(q, ['a', 'b'])).toEqual([null, null]);
  });

  it('goes with a task that is removed', async () => {
    const { worker, logOf } = await holding('a');
    await worker.exchange(0, [
      logged('a', line(1)),
      { kind: 'retrying', id: 'a', error: '{}', ranMs: 0, delayMs: 60_000 },
    ]);
    expect(await logOf('a')).toEqual([line(1)]);
    expect(await stage.open().steering.remove(q, 'a', false)).toBe(true);
    expect(await logOf('a')).toEqual([]);
  });

  it('goes with a dead letter that is discarded', async () => {
    const { worker, logOf } = await holding('a');
    await worker.exchange(0, [logged('a', line(1)), { kind: 'failed', id: 'a', error: '{}', ranMs: 0, ttlMs: 60_000 }]);
    expect(await logOf('a')).toEqual([line(1)]);
    await stage.open().steering.discard(q, 'a');
    expect(await logOf('a')).toEqual([]);
  });
});

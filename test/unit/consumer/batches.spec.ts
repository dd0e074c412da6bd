import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { HeldWatch } from '../../../lib/consumer/held-watch.js';
import { SnoozeTask } from '../../../lib/index.js';
import { Desk, type DeskTask, envelopeOf, Throw } from '../../support/desk.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  // A run that began at 0 would not have begun.
  vi.advanceTimersByTime(1);
});
afterEach(() => void vi.useRealTimers());

/** Time goes on: timers ring, promises settle. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

const tasks = (ids: string, name = 'batch'): DeskTask[] => ids.split('').map((id) => ({ id, name }));

/** What Redis was told of the ends of tasks, as `<kind> <id>`. */
const told = (outcomes: readonly Outcome[]): string[] =>
  outcomes.filter(({ kind }) => kind !== 'began').map(({ kind, id }) => `${kind} ${id}`);

const patient = { size: 3, maxWaitMs: 1_000 };
const hasty = { size: 3, maxWaitMs: 0 };

describe('when a batch begins', () => {
  it('at once when it is full; what is left over waits', () => {
    const desk = new Desk({ batch: patient });
    desk.claim(tasks('abcd'));
    expect(desk.batches).toEqual([['a', 'b', 'c']]);
    desk.claim(tasks('ef'));
    expect(desk.batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]);
  });

  it('else when its first task has waited for maxWait, however lately others came', async () => {
    const desk = new Desk({ batch: patient });
    desk.claim(tasks('a'));
    await pass(900);
    desk.claim(tasks('b'));
    await pass(99);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([]);
    await pass(2);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([['a', 'b']]);
  });

  it('without maxWait once the queue is empty', () => {
    const desk = new Desk({ batch: hasty });
    desk.claim(tasks('a'), { isLast: false });
    expect(desk.batches).toEqual([]);
    desk.claim(tasks('b'), { isLast: true });
    expect(desk.batches).toEqual([['a', 'b']]);
  });

  it('without maxWait also when the queue has more, but none of its tasks', () => {
    const desk = new Desk({ batch: hasty, other: undefined });
    desk.claim(tasks('a'), { isLast: false });
    desk.claim(tasks('x', 'other'), { isLast: false });
    expect(desk.batches).toEqual([['a'], ['x']]);
  });

  it('not before there is a slot', async () => {
    const desk = new Desk({ batch: hasty }, { concurrency: 1 });
    desk.claim(tasks('abcdef'));
    expect(desk.batches).toEqual([['a', 'b', 'c']]);
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    expect(desk.batches).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e', 'f'],
    ]);
  });
});

describe('a batch that gathers', () => {
  it('is passed over by other tasks, and takes no slot', () => {
    const desk = new Desk({ batch: patient, other: undefined, second: patient }, { concurrency: 1 });
    desk.claim([...tasks('a'), ...tasks('x', 'second'), ...tasks('p', 'other')]);
    expect(desk.batches).toEqual([['p']]);
    expect(desk.held.takenSlots).toBe(1);
  });

  it('stands in line where its first task stood', async () => {
    const desk = new Desk({ batch: patient, other: undefined }, { concurrency: 1 });
    desk.claim([...tasks('p', 'other'), ...tasks('a'), ...tasks('q', 'other'), ...tasks('bc')]);
    for (const { answer } of desk.calls) answer.open(undefined);
    await pass(0);
    expect(desk.batches).toEqual([['p'], ['a', 'b', 'c']]);
  });

  it('is not given back as long as it gathers; one that finds no slot is, with the tasks of others in their order', async () => {
    const desk = new Desk({ batch: patient, other: undefined }, { concurrency: 1 });
    const watch = new HeldWatch(desk.held, () => undefined);
    desk.claim([...tasks('p', 'other'), ...tasks('a'), ...tasks('q', 'other'), ...tasks('b')]);
    watch.look();
    await pass(60);
    expect(told(desk.settle())).toEqual(['released q']);
    watch.look();
    await pass(900);
    expect(told(desk.settle())).toEqual([]);
    await pass(50);
    watch.look();
    await pass(60);
    expect(told(desk.settle())).toEqual(['released b', 'released a']);
    watch.stop();
  });

  it('does not wait once more when it comes again, or others would pass it for ever', async () => {
    const desk = new Desk({ batch: patient, other: undefined }, { concurrency: 1 });
    desk.claim([...tasks('p', 'other'), ...tasks('a')]);
    await pass(1_001);
    desk.held.giveBackAhead();
    expect(told(desk.settle())).toEqual(['released a']);
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    desk.claim([...tasks('ab'), ...tasks('q', 'other')]);
    expect(desk.batches).toEqual([['p'], ['a', 'b']]);
  });

  it('loses what is cancelled, and is none any more when that was all', async () => {
    const desk = new Desk({ batch: patient });
    desk.claim(tasks('ab'));
    desk.held.cancel(['a']);
    expect(told(desk.settle())).toEqual(['released a']);
    desk.held.cancel(['b']);
    expect(told(desk.settle())).toEqual(['released b']);
    expect(vi.getTimerCount()).toBe(0);
    desk.claim(tasks('cd'));
    await pass(1_001);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([['c', 'd']]);
  });

  it('is not counted any more when it is gone', () => {
    const desk = new Desk({ batch: patient, other: undefined }, { concurrency: 1 });
    desk.claim(tasks('a'));
    desk.held.cancel(['a']);
    desk.held.accept([envelopeOf({ id: 'p', name: 'other' })], { areMarked: false, isLast: true });
    expect([desk.held.canStart, desk.held.freeSlots]).toEqual([true, 0]);
  });

  it('goes back at shutdown, in order, and leaves no timer', () => {
    const desk = new Desk({ batch: patient, second: patient });
    desk.claim([...tasks('a'), ...tasks('x', 'second'), ...tasks('b')]);
    desk.held.releaseWaiting();
    expect(told(desk.settle())).toEqual(['released b', 'released x', 'released a']);
    expect(desk.held.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is forgotten with the lease', async () => {
    const desk = new Desk({ batch: patient });
    desk.claim(tasks('ab'));
    desk.held.keepOnly(new Set());
    await pass(2_000);
    desk.held.startWaiting();
    expect([desk.batches, desk.held.size]).toEqual([[], 0]);
  });
});

describe('how many tasks are worth to be held', () => {
  it('as many as fill the free slots', () => {
    const desk = new Desk({ batch: { size: 20, maxWaitMs: 0 } }, { concurrency: 3 });
    expect([desk.held.room, desk.held.freeRoom, desk.held.freeSlots]).toEqual([60, 60, 3]);
    desk.claim(tasks('ab'));
    expect([desk.held.room, desk.held.freeRoom, desk.held.freeSlots]).toEqual([40, 40, 2]);
  });

  it('one for each slot where no handler wants batches', () => {
    expect(new Desk({ other: undefined }, { concurrency: 3 }).held.room).toBe(3);
  });

  it('where there are both, by what came last', () => {
    const desk = new Desk({ batch: { size: 10, maxWaitMs: 1_000 }, other: undefined }, { concurrency: 500 });
    expect(desk.held.room).toBe(Math.round(500 / 0.55));
    desk.claim(Array.from({ length: 60 }, (_, n) => ({ id: `a${n}`, name: 'batch' })));
    expect(desk.held.room).toBeGreaterThan(4_800);
    desk.claim(Array.from({ length: 60 }, (_, n) => ({ id: `p${n}`, name: 'other' })));
    expect(desk.held.room).toBeLessThan(450);
  });

  it('no more than surely find a slot if what is lost with the worker does not come again', () => {
    const delivery = 'at-most-once';
    const batch = { size: 10, maxWaitMs: 0 };
    expect(new Desk({ batch, other: undefined }, { concurrency: 5, delivery }).held.room).toBe(5);
    expect(new Desk({ batch }, { concurrency: 5, delivery }).held.room).toBe(50);
  });
});

describe('ack: each', () => {
  it('a slot is free again when Redis knows of all tasks of its batch', async () => {
    const desk = new Desk({ batch: hasty }, { concurrency: 1, ack: 'each' });
    desk.claim(tasks('abcd'));
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    expect([desk.held.takenSlots, desk.calls.length]).toEqual([1, 1]);
    const outcomes = desk.held.outcomes.take(2);
    desk.held.settled(outcomes, { refused: [], cancelled: [], malformed: [] });
    expect([desk.held.takenSlots, desk.calls.length]).toEqual([1, 1]);
    desk.settle();
    expect(desk.batches).toEqual([['a', 'b', 'c'], ['d']]);
  });

  it('or when others have taken them over', async () => {
    const desk = new Desk({ batch: hasty }, { concurrency: 1, ack: 'each' });
    desk.claim(tasks('ab'));
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    desk.held.keepOnly(new Set());
    expect(desk.held.takenSlots).toBe(0);
  });
});

describe('how the tasks of a batch end', () => {
  const run = async (answer: unknown, ids = 'abc'): Promise<Outcome[]> => {
    const desk = new Desk({ batch: hasty }, { attempts: 2, backoff: '1s' });
    desk.claim(tasks(ids));
    desk.calls[0]?.answer.open(answer);
    await pass(0);
    expect(desk.held.takenSlots).toBe(0);
    return desk.settle();
  };

  it('together where nothing is returned', async () => {
    expect(told(await run(undefined))).toEqual(['completed a', 'completed b', 'completed c']);
  });

  it('each by its result, or its error', async () => {
    const outcomes = await run([{ n: 1 }, new Error('no'), new SnoozeTask('5s')]);
    expect(told(outcomes)).toEqual(['completed a', 'retrying b', 'snoozed c']);
    expect(outcomes).toMatchObject([{ result: '{"n":1}' }, { delayMs: 1_000 }, { delayMs: 5_000 }]);
  });

  it('together where something is thrown', async () => {
    expect(told(await run(new Throw(new Error('no'))))).toEqual(['retrying a', 'retrying b', 'retrying c']);
  });

  it('together where what is returned cannot be told apart', async () => {
    const outcomes = await run([1, 2]);
    expect(told(outcomes)).toEqual(['retrying a', 'retrying b', 'retrying c']);
    expect(outcomes[0]).toMatchObject({ error: expect.stringContaining('InvalidBatchResultError') as unknown });
  });

  it('before the others where one is cancelled and the handler does not care', async () => {
    const desk = new Desk({ batch: hasty });
    desk.claim(tasks('ab'));
    desk.held.cancel(['a']);
    expect(desk.calls[0]?.contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await pass(1_000);
    expect(told(desk.settle())).toEqual(['cancelled a']);
    expect(desk.held.takenSlots).toBe(1);
    desk.calls[0]?.answer.open([1, 2]);
    await pass(0);
    expect(told(desk.settle())).toEqual(['completed b']);
    expect(desk.held.takenSlots).toBe(0);
  });

  it('each by its own timeout, and the call is over when it was the last', async () => {
    const desk = new Desk({ batch: hasty }, { timeout: '2s' });
    const [a, b] = tasks('ab') as [DeskTask, DeskTask];
    desk.claim([{ ...a, options: { timeout: '1s' } }, b]);
    await pass(1_001);
    expect(told(desk.settle())).toEqual(['failed a']);
    expect(desk.calls[0]?.contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await pass(1_000);
    expect(told(desk.settle())).toEqual(['failed b']);
    expect(desk.held.takenSlots).toBe(0);
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    expect(told(desk.settle())).toEqual([]);
  });

  it('not at all where the lease of one was lost', async () => {
    const desk = new Desk({ batch: hasty });
    desk.claim(tasks('ab'));
    desk.held.keepOnly(new Set(['b']));
    expect(desk.calls[0]?.contexts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    expect(told(desk.settle())).toEqual(['completed b']);
  });

  it('back in the queue, the first one last, where the shutdown aborts them', async () => {
    const desk = new Desk({ batch: hasty });
    desk.claim(tasks('abc'));
    desk.held.abortRunning('The worker shuts down');
    desk.calls[0]?.answer.open(new Throw(new Error('aborted')));
    await pass(0);
    expect(told(desk.settle())).toEqual(['released c', 'released b', 'released a']);
  });

  it('back in the queue where the shutdown does not wait any longer, except for what has ended', async () => {
    const desk = new Desk({ batch: hasty });
    desk.claim(tasks('abc'));
    desk.held.cancel(['b']);
    await pass(1_000);
    desk.settle();
    desk.held.releaseRunning();
    expect(told(desk.settle())).toEqual(['released c', 'released a']);
  });
});

describe('what must not begin as it is', () => {
  it('expired: it does not come into a batch, which may be none then', async () => {
    const desk = new Desk({ batch: patient });
    const expiresAt = desk.clock.nowMs + 500;
    const [a, b] = tasks('ab') as [DeskTask, DeskTask];
    desk.claim([{ ...a, options: { expiresAt } }, b]);
    await pass(1_001);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([['b']]);
    desk.claim([{ id: 'c', name: 'batch', options: { expiresAt } }]);
    await pass(1_001);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([['b']]);
    expect(told(desk.settle())).toEqual(['expired a', 'expired c']);
    expect(desk.held.takenSlots).toBe(1);
  });

  it('lost with a worker: its batch begins when all of its statuses say that they are active', () => {
    const desk = new Desk({ batch: hasty });
    desk.claim([...tasks('a'), { id: 'b', name: 'batch', lost: 1 }, ...tasks('c')]);
    expect([desk.batches, desk.held.takenSlots]).toEqual([[], 1]);
    const [first, ...rest] = desk.held.outcomes.take(10);
    expect([first, ...rest]).toMatchObject([
      { kind: 'began', id: 'a' },
      { kind: 'began', id: 'b' },
      { kind: 'began', id: 'c' },
    ]);
    desk.held.settled([first as Outcome], { refused: [], cancelled: [], malformed: [] });
    desk.held.startWaiting();
    expect(desk.batches).toEqual([]);
    desk.held.settled(rest, { refused: [], cancelled: [], malformed: [] });
    desk.held.startWaiting();
    expect([desk.batches, desk.held.takenSlots]).toEqual([[['a', 'b', 'c']], 1]);
  });

  it('called off while its batch was to be marked: the rest does not wait for it', () => {
    const desk = new Desk({ batch: hasty });
    desk.claim([...tasks('a'), { id: 'b', name: 'batch', lost: 0 }]);
    const [a] = desk.held.outcomes.take(10);
    desk.held.settled([a as Outcome], { refused: [], cancelled: [], malformed: [] });
    desk.held.cancel(['b']);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([['a']]);
  });

  it('a suspect: it is alone in its batch, and in its process', async () => {
    const desk = new Desk({ batch: patient });
    desk.claim([{ id: 's', name: 'batch', lost: 2 }, ...tasks('abc')]);
    desk.settle();
    expect(desk.batches).toEqual([['s']]);
    desk.calls[0]?.answer.open(undefined);
    await pass(0);
    desk.held.startWaiting();
    expect(desk.batches).toEqual([['s'], ['a', 'b', 'c']]);
  });
});

it('says of what runs for a while that it is active, and not of what gathers', async () => {
  const desk = new Desk({ batch: patient });
  const watch = new HeldWatch(desk.held, () => undefined);
  expect(desk.held.marksClaims).toBe(false);
  desk.claim(tasks('abcd'));
  watch.look();
  await pass(60);
  expect(desk.settle().map(({ kind, id }) => `${kind} ${id}`)).toEqual(['began a', 'began b', 'began c']);
  await pass(1_000);
  desk.held.startWaiting();
  watch.look();
  await pass(60);
  expect(desk.settle().map(({ kind, id }) => `${kind} ${id}`)).toEqual(['began d']);
  expect(desk.held.needsWatch).toBe(false);
  watch.stop();
});

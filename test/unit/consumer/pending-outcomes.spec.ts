import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { PendingOutcomes } from '../../../lib/consumer/pending-outcomes.js';

let pending: PendingOutcomes;
beforeEach(() => {
  pending = new PendingOutcomes(() => undefined);
});

afterEach(() => pending.interim.stop());

const completed = (id: string): Outcome => ({ kind: 'completed', id, result: undefined, ranMs: 0, ttlMs: 1 });
const retrying = (id: string): Outcome => ({ kind: 'retrying', id, error: '{}', ranMs: 0, delayMs: 1 });
const progress = (id: string): Outcome => ({ kind: 'progress', id, progress: '50' });

function add(...outcomes: Outcome[]): void {
  for (const outcome of outcomes) pending.add(outcome);
}

function takeAll(max: number): string[][] {
  const calls: string[][] = [];
  while (pending.hasAny) calls.push(pending.take(max).map(({ kind, id }) => `${kind} ${id}`));
  return calls;
}

describe('what one call takes', () => {
  it('is as many completions as it may', () => {
    add(completed('a'), completed('b'), completed('c'));
    expect(takeAll(2)).toEqual([['completed a', 'completed b'], ['completed c']]);
  });

  it.each<Outcome>([
    { kind: 'unrecorded', id: 'x', reason: '', ranMs: 0, ttlMs: 1 },
    { kind: 'began', id: 'x', ranMs: 0 },
  ])('counts $kind as a completion', (outcome) => {
    add(...Array.from({ length: 20 }, () => outcome));
    expect(pending.take(10)).toHaveLength(10);
  });

  it.each<Outcome>([
    { kind: 'failed', id: 'x', error: '{}', ranMs: 0, ttlMs: 1 },
    retrying('x'),
    { kind: 'snoozed', id: 'x', delayMs: 1 },
    { kind: 'cancelled', id: 'x', reason: '', ttlMs: 1 },
    { kind: 'expired', id: 'x', ttlMs: 1 },
    { kind: 'released', id: 'x', began: false },
    { kind: 'deferred', id: 'x', delayMs: 1 },
  ])('counts $kind as six', (outcome) => {
    add(...Array.from({ length: 20 }, () => outcome));
    expect(pending.take(12)).toHaveLength(2);
  });

  it('is less where runs took so long that their beginnings are written', () => {
    add(...Array.from({ length: 20 }, (): Outcome => ({ kind: 'began', id: 'x', ranMs: 1 })));
    expect(pending.take(10)).toHaveLength(6);
  });

  it('is half as much where tasks may hold keys', () => {
    add(...Array.from({ length: 20 }, () => completed('x-u')));
    expect(pending.take(10)).toHaveLength(5);
  });

  it('leaves the order as it is: what is light does not overtake', () => {
    add(completed('a'), retrying('b'), completed('c'), completed('d'));
    expect(takeAll(6)).toEqual([['completed a'], ['retrying b'], ['completed c', 'completed d']]);
  });

  it('is the outcomes of one task in any case', () => {
    add(retrying('a'), retrying('b'));
    pending.interim.progressed('a', '50');
    pending.interim.progressed('c', '50');
    expect(takeAll(1)).toEqual([['progress a', 'retrying a'], ['retrying b'], ['progress c']]);
  });
});

describe('progress', () => {
  it('comes before the end of its task, in the same call', () => {
    add(completed('a'), completed('b'));
    for (const id of ['c', 'b', 'a']) pending.interim.progressed(id, '50');
    expect(takeAll(2)).toEqual([['progress a', 'completed a'], ['progress b', 'completed b'], ['progress c']]);
  });

  it('of tasks that go on fills what is left', () => {
    add(completed('a'));
    for (const id of ['b', 'c', 'd']) pending.interim.progressed(id, '50');
    expect(takeAll(3)).toEqual([['progress b', 'progress c', 'completed a'], ['progress d']]);
  });

  it('counts once for a task of which two outcomes travel', () => {
    add({ kind: 'began', id: 'a', ranMs: 0 }, completed('a'));
    pending.interim.progressed('a', '50');
    expect(takeAll(3)).toEqual([['progress a', 'began a', 'completed a']]);
  });
});

describe('restoring what was taken', () => {
  it('puts it in front of what came meanwhile', () => {
    add(retrying('a'), completed('b'));
    pending.interim.progressed('a', '50');
    const taken = pending.take(8);
    add(completed('c'));
    pending.restore(taken);
    expect(pending.take(100)).toEqual([progress('a'), retrying('a'), completed('b'), completed('c')]);
  });

  it('does not bring back progress that is outdated', () => {
    pending.interim.progressed('a', '50');
    const taken = pending.take(1);
    pending.interim.progressed('a', '60');
    pending.restore(taken);
    add(completed('a'));
    expect(pending.take(1)).toEqual([{ kind: 'progress', id: 'a', progress: '60' }, completed('a')]);
  });
});

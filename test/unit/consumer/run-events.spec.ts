import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisClock } from '../../../lib/consumer/redis-clock.js';
import { RunEvents } from '../../../lib/consumer/run-events.js';
import { RunTally } from '../../../lib/consumer/run-tally.js';
import { TaskEventSource } from '../../../lib/events/task-event-source.js';
import { TaskEvents } from '../../../lib/events/task-events.js';
import { Desk } from '../../support/desk.js';
import { ToldEvents } from '../../support/told-events.js';

function desk(): { desk: Desk; source: TaskEventSource; told: () => ToldEvents } {
  const source = new TaskEventSource();
  const made = new Desk(
    { x: undefined },
    {},
    new RunEvents(partitionOf('q'), source, new RedisClock(), new RunTally()),
  );
  return { desk: made, source, told: () => new ToldEvents(new TaskEvents(source, () => undefined)) };
}

const ended = async (at: Desk): Promise<Outcome[]> => {
  at.calls[0]?.answer.open('done');
  await new Promise((resolve) => setImmediate(resolve));
  return at.held.outcomes.take(10);
};

describe('an outcome that Redis has', () => {
  it('although its answer was lost, is told once, when Redis says that the task is not held any more', async () => {
    const { desk: at, told } = desk();
    const all = told();
    at.claim([{ id: 'a', name: 'x' }]);
    at.held.unsettled(await ended(at));
    expect(all.about('q:a')).toEqual(['started']);
    at.held.settledBut(new Set());
    at.held.keepOnly(new Set());
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.about('q:a')).toEqual(['started', 'completed']);
  });

  it('is not told where the lease was lost before: then nobody knows', async () => {
    const { desk: at, told } = desk();
    const all = told();
    at.claim([{ id: 'a', name: 'x' }]);
    at.held.unsettled(await ended(at));
    at.held.keepOnly(new Set());
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.about('q:a')).toEqual(['started', 'lost']);
  });

  it('is told as cancelled where somebody had called the task off', async () => {
    const { desk: at, told } = desk();
    const all = told();
    at.claim([{ id: 'a', name: 'x' }]);
    at.held.settled(await ended(at), { refused: [], cancelled: ['a'], malformed: [] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.about('q:a')).toEqual(['started', 'cancelled']);
  });
});

describe('what has not begun', () => {
  it('is not told to be lost, nor to be given back', async () => {
    const { desk: at, told } = desk();
    const all = told();
    at.mayStart = false;
    at.held.accept(
      ['a', 'b'].map((id) => encodeEnvelope(id, 'x', '1')),
      { areMarked: false, isLast: true },
    );
    at.held.releaseWaiting(({ envelope }) => envelope.id === 'a');
    at.settle();
    at.held.keepOnly(new Set());
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.all).toEqual([]);
  });

  it('and was called off has had one run less', async () => {
    const { desk: at, told } = desk();
    const all = told();
    at.mayStart = false;
    at.held.accept([encodeEnvelope('a', 'x', '1')], { areMarked: false, isLast: true });
    at.held.cancel(['a']);
    at.held.settled(at.held.outcomes.take(10), { refused: [], cancelled: ['a'], malformed: [] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(all.all).toMatchObject([{ type: 'cancelled', reason: 'cancelled', attempt: 0 }]);
  });
});

it('where nobody listens no event is made', async () => {
  const { desk: at, source } = desk();
  const emit = vi.spyOn(source, 'emit');
  at.claim([{ id: 'a', name: 'x' }]);
  at.held.settled(await ended(at), { refused: [], cancelled: [], malformed: ['m'] });
  at.claim([{ id: 'b', name: 'x' }]);
  at.held.keepOnly(new Set());
  expect(emit).not.toHaveBeenCalled();
});

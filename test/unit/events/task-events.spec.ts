import { firstValueFrom, map, mergeMap, take, tap, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ConnectionEvents } from '../../../lib/events/connection-events.js';
import type { TaskEvent } from '../../../lib/events/task-event.js';
import { TaskEventSource } from '../../../lib/events/task-event-source.js';
import { TaskEvents } from '../../../lib/events/task-events.js';

const started: TaskEvent = { type: 'started', queue: 'q', id: 'q:a', name: 'x', attempt: 1 };
const drained: TaskEvent = { type: 'drained', queue: 'q' };

function stream(): { source: TaskEventSource; events: TaskEvents; reports: string[] } {
  const source = new TaskEventSource();
  const reports: string[] = [];
  return { source, events: new TaskEvents(source, (error) => reports.push(String(error))), reports };
}

const thrower = (): never => {
  throw new Error('listener');
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('TaskEvents', () => {
  it('gives every listener every event in order, once the teller is done', async () => {
    const { source, events } = stream();
    const [one, other]: TaskEvent[][] = [[], []];
    events.subscribe((event) => one?.push(event));
    events.subscribe({ next: (event) => other?.push(event) });
    source.emit(started);
    source.emit(drained);
    expect(one).toEqual([]);
    await turn();
    expect([one, other]).toEqual([
      [started, drained],
      [started, drained],
    ]);
  });

  it('is observed only while somebody listens, through a chain, too', () => {
    const { source, events } = stream();
    expect(source.observed).toBe(false);
    const subscription = events.ofType('drained').subscribe();
    expect(source.observed).toBe(true);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
  });

  it('ofType gives events of these types, by their types', async () => {
    const { source, events } = stream();
    const seen: string[] = [];
    events.ofType('started', 'failed').subscribe(({ id, attempt }) => seen.push(`${id} ${attempt}`));
    source.emit(started);
    source.emit(drained);
    await turn();
    expect(seen).toEqual(['q:a 1']);
  });

  it('completes behind the last event', async () => {
    const { source, events } = stream();
    const all = firstValueFrom(events.pipe(toArray()));
    source.emit(started);
    source.complete();
    source.complete();
    expect(await all).toEqual([started]);
    await expect(firstValueFrom(events, { defaultValue: null })).resolves.toBeNull();
  });

  it('gives what is told within a listener to all, behind the present event', async () => {
    const { source, events } = stream();
    const seen: string[] = [];
    events.ofType('started').subscribe(() => source.emit(drained));
    events.subscribe(({ type }) => seen.push(type));
    source.emit(started);
    await turn();
    expect(seen).toEqual(['started', 'drained']);
  });
});

describe('a listener', () => {
  it.each<[what: string, subscribe: (events: TaskEvents) => unknown]>([
    ['that throws', (events) => events.subscribe(thrower)],
    [
      'whose promise rejects',
      (events) => events.subscribe(() => Promise.reject(new Error('listener')) as unknown as void),
    ],
    ['that is an object', (events) => events.subscribe({ next: thrower })],
    ['behind a chain', (events) => events.pipe(map((event) => event)).subscribe(thrower)],
    ['behind ofType', (events) => events.ofType('started').subscribe(thrower)],
    ['behind an operator that throws', (events) => events.pipe(map(thrower), tap()).subscribe()],
    ['behind an operator that throws late', (events) => events.pipe(mergeMap(thrower)).subscribe(() => undefined)],
    [
      'whose error function throws',
      (events) => events.pipe(map(() => thrower())).subscribe({ error: () => thrower() }),
    ],
    ['that throws at the end', (events) => events.subscribe({ complete: thrower })],
  ])('%s hurts no other one, and is reported once', async (_what, subscribe) => {
    const { source, events, reports } = stream();
    const seen: TaskEvent[] = [];
    subscribe(events);
    events.subscribe((event) => seen.push(event));
    for (let count = 0; count < 3; count++) {
      source.emit(started);
      await turn();
    }
    source.complete();
    await turn();
    expect(seen).toEqual([started, started, started]);
    expect(reports).toEqual(['Error: listener']);
  });

  it('that throws goes on getting events', async () => {
    const { source, events } = stream();
    let calls = 0;
    events.subscribe(() => {
      calls++;
      thrower();
    });
    source.emit(started);
    source.emit(started);
    await turn();
    expect(calls).toBe(2);
  });

  it('that looks after its errors itself is not reported', async () => {
    const { source, events, reports } = stream();
    const caught: unknown[] = [];
    events.pipe(map(thrower)).subscribe({ error: (error) => caught.push(error) });
    source.emit(started);
    await turn();
    expect([caught, reports]).toEqual([[new Error('listener')], []]);
  });

  it('may leave, and may be none at all', async () => {
    const { source, events, reports } = stream();
    events.subscribe(null);
    events.subscribe({});
    const seen: TaskEvent[] = [];
    events.pipe(take(1)).subscribe((event) => seen.push(event));
    const subscription = events.subscribe((event) => seen.push(event));
    subscription.unsubscribe();
    source.emit(started);
    source.emit(started);
    await turn();
    expect([seen, reports]).toEqual([[started], []]);
  });
});

describe('a connection', () => {
  it('is told to be lost once, and to be back once', async () => {
    const { source, events } = stream();
    const connection = new ConnectionEvents(source);
    const seen: TaskEvent[] = [];
    events.subscribe((event) => seen.push(event));
    connection.back();
    connection.lost(new TypeError('away'));
    connection.lost(new Error('still'));
    connection.back();
    connection.back();
    await turn();
    expect(seen).toEqual([
      { type: 'connectionLost', error: { name: 'TypeError', message: 'away' } },
      { type: 'connectionBack', lostMs: expect.any(Number) as number },
    ]);
  });
});

import fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClaimLimits, Rate } from '../../../lib/broker/claim-limits.js';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import type { ExchangeReply } from '../../../lib/broker/exchange.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { expectWithinRate } from '../../support/windows.js';

const fixture = redisFixture('rates');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const MINUTE: Rate = { max: 3, perMs: 60_000 };

afterEach(() => expectNoDamage(fixture, 'q'));

const idsOf = (reply: ExchangeReply | null): string[] => (reply?.claimed ?? []).map((text) => decodeEnvelope(text).id);

async function backlog(...ids: string[]): Promise<{ worker: ManualWorker; other: ManualWorker }> {
  const broker = openBroker(fixture);
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id, { name: id.replace(/\d+$/, '') })),
  );
  const [worker, other] = ['w1', 'w2'].map((id) => new ManualWorker(broker, q, id));
  return { worker: await worker!.join(), other: await other!.join() };
}

describe('the rate of a queue', () => {
  it('counts what another worker, with a shorter span, need not remember', async () => {
    const { worker, other } = await backlog('a1', 'a2', 'a3', 'a4', 'a5');
    await worker.exchange(2, [], { limits: { rate: MINUTE } });
    await delay(5);
    expect(idsOf(await other.exchange(1, [], { limits: { rate: { max: 1, perMs: 1 } } }))).toEqual(['a3']);
    await delay(5);
    expect(idsOf(await worker.exchange(2, [], { limits: { rate: MINUTE } }))).toEqual([]);
  });

  it('bounds what all workers claim together, and tells when the next one may go', async () => {
    const { worker, other } = await backlog('a1', 'a2', 'a3', 'a4', 'a5');
    const limits = { rate: MINUTE };
    expect(idsOf(await worker.exchange(2, [], { limits }))).toEqual(['a1', 'a2']);
    const reply = await other.exchange(2, [], { limits });
    expect(idsOf(reply)).toEqual(['a3']);
    expect(reply).toMatchObject({ more: false, isHeldUp: true });
    expect(reply?.nextDueMs).toBeGreaterThan(59_000);
    expect(reply?.nextDueMs).toBeLessThanOrEqual(60_000);
    expect(await other.exchange(2, [], { limits })).toMatchObject({ claimed: [], more: false, isHeldUp: true });
    expect(await fixture.redis.llen(key('task_starts:{q}'))).toBe(3);
    expect(await fixture.redis.pttl(key('task_starts:{q}'))).toBeGreaterThan(59_000);
  });

  it('says nothing of limits where nothing waits, and to a worker that brings none', async () => {
    const { worker, other } = await backlog('a1', 'a2', 'a3');
    const limits = { rate: MINUTE };
    expect(await worker.exchange(3, [], { limits })).toMatchObject({ more: false, isHeldUp: false, nextDueMs: null });
    await openBroker(fixture).enqueue(q, [newTask('b1')]);
    expect(idsOf(await other.exchange(1))).toEqual(['b1']);
  });

  it('leaves the token for workers that do not know yet', async () => {
    const { worker } = await backlog('a1', 'a2', 'a3', 'a4');
    const limits = { rate: MINUTE };
    await worker.exchange(3, [], { limits });
    await fixture.redis.del(key('task_bell:{q}'));
    expect(await worker.exchange(1, [], { limits })).toMatchObject({ isHeldUp: true });
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
  });

  it('counts a start that was given back, and goes by the smaller of two rates while versions change', async () => {
    const { worker, other } = await backlog('a1', 'a2', 'a3', 'a4');
    const limits = { rate: MINUTE };
    await worker.exchange(1, [], { limits });
    await worker.exchange(0, [{ kind: 'released', id: 'a1', began: false }], { limits });
    expect(idsOf(await worker.exchange(4, [], { limits }))).toEqual(['a1', 'a2']);
    expect(await other.exchange(1, [], { limits: { rate: { max: 2, perMs: 60_000 } } })).toMatchObject({
      isHeldUp: true,
    });
    expect(idsOf(await other.exchange(1, [], { limits: { rate: { max: 4, perMs: 60_000 } } }))).toEqual(['a3']);
    expect(await worker.exchange(1, [], { limits })).toMatchObject({ claimed: [], isHeldUp: true });
  });

  it('does not keep what is due from becoming due, nor a worker from settling', async () => {
    const { worker } = await backlog('a1', 'a2', 'a3', 'a4');
    const limits = { rate: MINUTE };
    await worker.exchange(3, [], { limits });
    await openBroker(fixture).schedule(q, [{ ...newTask('late'), due: { inMs: 0 } }]);
    const reply = await worker.exchange(1, [completed('a1')], { limits });
    expect(reply).toMatchObject({ refused: [], more: false, isHeldUp: true });
    expect(await fixture.redis.hget(key('task_status:{q}:late'), 'state')).toBe('waiting');
  });
});

describe('the rate of a task name', () => {
  const limits: ClaimLimits = { names: { slow: MINUTE } };

  it('lets the others pass, and keeps what is over it in its order', async () => {
    const { worker, other } = await backlog('slow1', 'slow2', 'slow3', 'slow4', 'quick1', 'slow5', 'quick2');
    const reply = await worker.exchange(10, [], { limits });
    expect(idsOf(reply)).toEqual(['slow1', 'slow2', 'slow3', 'quick1', 'quick2']);
    expect(reply).toMatchObject({ more: false, isHeldUp: false });
    expect(reply?.nextDueMs).toBeGreaterThan(59_000);
    expect(await fixture.redis.lrange(key('task_queue:{q}:turn:slow'), 0, -1)).toHaveLength(2);
    expect(await fixture.redis.hget(key('task_status:{q}:slow4'), 'state')).toBe('waiting');

    await openBroker(fixture).enqueue(q, [newTask('slow6', { name: 'slow' }), newTask('quick3')]);
    // Nobody overtakes those that wait, even if one might start.
    await fixture.redis.del(key('task_starts:{q}:slow'));
    expect(idsOf(await other.exchange(10, [], { limits }))).toEqual(['quick3']);
    // As if a minute were over.
    await letTurnsCome('slow');
    expect(idsOf(await other.exchange(2, [], { limits }))).toEqual(['slow4', 'slow5']);
    expect(idsOf(await worker.exchange(2, [], { limits }))).toEqual(['slow6']);
    expect(await fixture.redis.exists(key('task_turns:{q}'), key('task_queue:{q}:turn:slow'))).toBe(0);
  });

  it('lets go at once what waits where nobody limits that name any more', async () => {
    const { worker, other } = await backlog('slow1', 'slow2', 'slow3', 'slow4', 'slow5');
    await worker.exchange(10, [], { limits });
    await letTurnsCome('slow', { forgetsStarts: false });
    expect(await worker.exchange(10, [], { limits })).toMatchObject({ claimed: [] });
    await letTurnsCome('slow', { forgetsStarts: false });
    expect(idsOf(await other.exchange(10))).toEqual(['slow4', 'slow5']);
  });

  it('puts what is given back in front of those that wait for their turn', async () => {
    const { worker } = await backlog('slow1', 'slow2', 'slow3', 'slow4');
    await worker.exchange(10, [], { limits });
    await worker.exchange(0, [{ kind: 'released', id: 'slow2', began: true }], { limits });
    await letTurnsCome('slow');
    expect(idsOf(await worker.exchange(1, [], { limits }))).toEqual(['slow2']);
  });

  it('finds the name whatever stands in front of it, and never one within the data', async () => {
    const { worker } = await backlog();
    const tasks = [
      '{"id":"1","attempt":0,"name":"slow","data":1}',
      '{"id":"2","attempt":3,"lost":1,"missed":2,"first":5,"name":"slow","data":1}',
      '{"id":"3","attempt":0,"group":"a{b\\"","name":"slow","data":1}',
      '{"id":"4","attempt":0,"name":"s\\u006cow","data":1}',
      '{"data":{"name":"quick"},"name":"slow"}',
      '{"id":"6","attempt":0,"name":"quick","data":{"name":"slow"}}',
      '{"id":"7","attempt":0,"data":{"x":",\\"name\\":\\"slow\\""},"name":"quick"}',
      '{"name":"quick","data":"slow"}',
    ];
    await fixture.redis.lpush(key('task_queue:{q}'), ...tasks);
    const none = { names: { slow: { max: 1, perMs: 60_000 } } };
    const reply = await worker.exchange(10, [], { limits: none });
    expect(idsOf(reply).slice(0, 3)).toEqual(['1', '6', '7']);
    expect(reply?.claimed).toHaveLength(4);
    expect(await fixture.redis.llen(key('task_queue:{q}:turn:slow'))).toBe(4);
    await letTurnsCome('slow');
    expect((await worker.exchange(10))?.claimed).toHaveLength(4);
    await forget();
  });

  it('counts what waits for its turn where the length of the queue is bounded', async () => {
    const { worker } = await backlog('slow1', 'slow2', 'slow3', 'slow4', 'slow5');
    await worker.exchange(10, [], { limits });
    const answers = await openBroker(fixture).enqueue(q, [newTask('a'), newTask('b')], { maxLength: 3 });
    expect(answers).toEqual(['created', 'full']);
  });

  it('drops what is called off while it waits for its turn', async () => {
    const { worker } = await backlog('slow1', 'slow2', 'slow3', 'slow4', 'slow5');
    await worker.exchange(10, [], { limits });
    expect(await openBroker(fixture).steering.cancel(q, 'slow4', 'off', 60_000)).toBe('waiting');
    await letTurnsCome('slow');
    expect(idsOf(await worker.exchange(10, [], { limits }))).toEqual(['slow5']);
  });

  it('does not move a suspect, which waits where it is', async () => {
    const { worker } = await backlog('slow1', 'slow2', 'slow3');
    await worker.exchange(10, [], { limits });
    await fixture.redis.lpush(key('task_suspects:{q}'), '{"id":"s","attempt":2,"lost":2,"name":"slow","data":1}');
    const reply = await worker.exchange(1, [], { limits });
    expect([reply?.claimed, await fixture.redis.llen(key('task_suspects:{q}'))]).toEqual([[], 1]);
    expect(reply?.nextDueMs).toBeGreaterThan(59_000);
    await fixture.redis.del(key('task_starts:{q}:slow'));
    expect(idsOf(await worker.exchange(1, [], { limits }))).toEqual(['s']);
    expect(await fixture.redis.llen(key('task_starts:{q}:slow'))).toBe(1);
    await forget();
  });

  it('keeps the order of a group, which rests until its next task may start', async () => {
    const { worker } = await backlog();
    const broker = openBroker(fixture);
    const ann = { group: 'ann' };
    await broker.enqueue(
      q,
      [
        ...[1, 2, 3, 4].map((n) => newTask(`slow${n}`, { name: 'slow', ...ann })),
        newTask('quick5', { name: 'quick', ...ann }),
        newTask('quick6', { name: 'quick', group: 'bob' }),
      ],
      { inLanes: true },
    );
    const reply = await worker.exchange(10, [], { limits });
    expect(idsOf(reply).toSorted()).toEqual(['quick6', 'slow1', 'slow2', 'slow3']);
    expect(reply).toMatchObject({ more: false, isHeldUp: false });
    expect(reply?.nextDueMs).toBeGreaterThan(59_000);
    expect(await fixture.redis.exists(key('task_turns:{q}'))).toBe(0);

    await fixture.redis.del(key('task_starts:{q}:slow'));
    await fixture.redis.zadd(key('task_groups:{q}:resting'), 1, 'group:ann');
    expect(idsOf(await worker.exchange(10, [], { limits }))).toEqual(['slow4', 'quick5']);
  });

  it('holds for tasks with a priority as well', async () => {
    const { worker } = await backlog('slow1');
    const urgent = [2, 3, 4, 5].map((n) => newTask(`slow${n}`, { name: 'slow', priority: 5 }));
    await openBroker(fixture).enqueue(q, urgent, { inLanes: true });
    expect(idsOf(await worker.exchange(10, [], { limits }))).toEqual(['slow2', 'slow3', 'slow4']);
    await letTurnsCome('slow');
    expect(idsOf(await worker.exchange(10, [], { limits, agingMs: 1_000 }))).toEqual(['slow5', 'slow1']);
  });

  it('is bounded in what it moves in one call, and says that there is more', async () => {
    const { worker } = await backlog(...Array.from({ length: 200 }, (_, row) => `slow${row}`));
    const reply = await worker.exchange(100, [], { limits });
    expect(reply?.claimed).toHaveLength(3);
    expect(reply?.more).toBe(true);
    expect(await fixture.redis.llen(key('task_queue:{q}:turn:slow'))).toBeLessThan(100);
  });
});

/** What others pushed has no status, which a repair would tell of. */
async function forget(): Promise<void> {
  await fixture.redis.del(...(await fixture.keys()).map(key));
}

/** As if the next of that name might start now. */
async function letTurnsCome(name: string, { forgetsStarts = true } = {}): Promise<void> {
  await fixture.redis.zadd(key('task_turns:{q}'), 1, name);
  if (forgetsStarts) await fixture.redis.del(key(`task_starts:{q}:${name}`));
}

const rate = fc.record({ max: fc.integer({ min: 1, max: 6 }), perMs: fc.integer({ min: 10, max: 60 }) });
const turn = fc.record({ who: fc.nat(2), want: fc.integer({ min: 0, max: 8 }), pauseMs: fc.nat(12), adds: fc.nat(4) });

it('whatever happens: never more than max within any span, for the queue and for each name, and all are claimed', async () => {
  await fc.assert(
    fc.asyncProperty(
      rate,
      rate,
      fc.boolean(),
      fc.array(turn, { minLength: 5, maxLength: 25 }),
      async (ofQueue, ofName, both, turns) => {
        const broker = openBroker(fixture);
        const limits: ClaimLimits = { names: { slow: ofName }, ...(both && { rate: ofQueue }) };
        const workers = await Promise.all(
          [0, 1, 2].map(async (n) => new ManualWorker(broker, q, `${n}-${fresh()}`).join()),
        );
        const starts: { time: number; id: string; name: string }[] = [];
        let added = 0;
        const exchange = async (who: number, want: number): Promise<ExchangeReply | null> => {
          const reply = await workers[who]!.exchange(want, [], { limits });
          for (const text of reply?.claimed ?? []) {
            const { id, name } = decodeEnvelope(text);
            starts.push({ time: reply?.nowMs ?? 0, id, name: name ?? '' });
          }
          return reply;
        };
        for (const { who, want, pauseMs, adds } of turns) {
          const tasks = Array.from({ length: adds }, () => {
            added++;
            return newTask(`${String(added).padStart(4, '0')}-${fresh()}`, {
              name: added % 3 === 0 ? 'quick' : 'slow',
            });
          });
          if (adds > 0) await broker.enqueue(q, tasks);
          await Promise.all([exchange(who, want), exchange((who + 1) % 3, want)]);
          await delay(pauseMs);
        }
        // Whoever does as it is told gets them all, and never waits for nothing.
        for (let call = 0; starts.length < added; call++) {
          const reply = await exchange(call % 3, 10);
          const waitMs = reply?.more || starts.length === added ? 0 : (reply?.nextDueMs ?? Infinity);
          expect(waitMs, 'who finds nothing is told when to look again').toBeLessThan(1_000);
          await delay(waitMs);
          expect(call).toBeLessThan(400);
        }

        const slow = starts.filter(({ name }) => name === 'slow');
        if (both) expectWithinRate(timesOf(starts), ofQueue);
        expectWithinRate(timesOf(slow), ofName);
        expect(new Set(starts.map(({ id }) => id)).size).toBe(added);
        // Several calls may be answered at one moment: in what order they were claimed only the times tell.
        const order = slow
          .toSorted((one, two) => one.time - two.time || (one.id < two.id ? -1 : 1))
          .map(({ id }) => id);
        expect(order).toEqual(order.toSorted());
        await forget();
      },
    ),
    { numRuns: 12 },
  );
});

let freshNumber = 0;
const fresh = (): number => ++freshNumber;
const timesOf = (starts: { time: number }[]): number[] => starts.map(({ time }) => time).sort((one, two) => one - two);

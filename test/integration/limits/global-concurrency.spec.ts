import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import type { ExchangeReply } from '../../../lib/broker/exchange.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { completed, ManualWorker, MAX_LOST, newTask, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('global-concurrency');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

afterEach(() => expectNoDamage(fixture, 'q'));

const idsOf = (reply: ExchangeReply | null): string[] => (reply?.claimed ?? []).map((text) => decodeEnvelope(text).id);

async function backlog(...ids: string[]): Promise<ManualWorker[]> {
  const broker = openBroker(fixture);
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id)),
  );
  return Promise.all(['w1', 'w2', 'w3'].map(async (id) => new ManualWorker(broker, q, id).join()));
}

describe('globalConcurrency', () => {
  const limits = { globalConcurrency: 3 };

  it('bounds what all workers hold together, and frees a slot in the call that settles', async () => {
    const [one, two] = await backlog('a', 'b', 'c', 'd', 'e');
    expect(idsOf((await one?.exchange(2, [], { limits })) ?? null)).toEqual(['a', 'b']);
    const reply = await two?.exchange(2, [], { limits });
    expect(reply).toMatchObject({ more: false, isHeldUp: true, nextDueMs: null });
    expect(idsOf(reply ?? null)).toEqual(['c']);
    expect(await two?.exchange(2, [], { limits })).toMatchObject({ claimed: [], isHeldUp: true });
    expect(idsOf((await one?.exchange(1, [completed('a')], { limits })) ?? null)).toEqual(['d']);
  });

  it('wakes one that is held up when a worker leaves room that it does not use, and only then', async () => {
    const [one, two] = await backlog('a', 'b', 'c', 'd', 'e');
    await one?.exchange(3, [], { limits });
    expect(await two?.exchange(1, [], { limits })).toMatchObject({ isHeldUp: true });
    // It says how far it is, and there is still no room.
    await one?.exchange(0, [{ kind: 'progress', id: 'a', progress: '1' }], { limits });
    expect(await fixture.redis.exists(key('task_room:{q}'))).toBe(0);
    // It uses what it frees.
    await one?.exchange(1, [completed('a')], { limits });
    expect(await fixture.redis.exists(key('task_room:{q}'))).toBe(0);

    const broker = openBroker(fixture);
    const sleeping = broker.sleep({ partitions: [], heldUp: [q], workers: [], timeoutMs: 5_000 });
    await one?.exchange(0, [completed('b')], { limits });
    expect(await sleeping).toEqual({ partition: q, isPersonal: false, isForRoom: true });
    expect(idsOf((await two?.exchange(1, [], { limits })) ?? null)).toEqual(['e']);
  });

  it('passes a ring for room on', async () => {
    await backlog('a');
    const broker = openBroker(fixture);
    await broker.ringAgain(q, true);
    const ring = await broker.sleep({ partitions: [], heldUp: [q], workers: [], timeoutMs: 1_000 });
    expect(ring).toEqual({ partition: q, isPersonal: false, isForRoom: true });
  });

  it('counts what a dead worker holds until another one has taken over', async () => {
    const [one, two] = await backlog('a', 'b', 'c', 'd');
    await one?.exchange(3, [], { limits });
    await fixture.redis.zadd(key('task_workers:{q}'), 1, 'w1');
    expect(await two?.exchange(1, [], { limits })).toMatchObject({ claimed: [], isHeldUp: true, expired: true });
    await openBroker(fixture).recover(q, MAX_LOST, RETENTION);
    // Whoever has taken over may have no slot: another one that is held up is told.
    const ring = await openBroker(fixture).sleep({ partitions: [], heldUp: [q], workers: [], timeoutMs: 1_000 });
    expect(ring).toEqual({ partition: q, isPersonal: false, isForRoom: true });
    expect(idsOf((await two?.exchange(4, [], { limits })) ?? null)).toEqual(['a', 'b', 'c']);
  });
});

const step = fc.record({
  who: fc.nat(2),
  want: fc.nat(5),
  settles: fc.nat(3),
  adds: fc.nat(4),
  dies: fc.nat(9).map((n) => n === 0),
});

it('whatever happens: never more than that are held at once, and all are done in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async (globalConcurrency, steps) => {
        const broker = openBroker(fixture);
        const limits = { globalConcurrency };
        const join = async (): Promise<ManualWorker> => new ManualWorker(broker, q, `w-${fresh()}`).join();
        const workers = await Promise.all([join(), join(), join()]);
        const held = new Map<string, string[]>();
        let open = 0;
        const exchange = async (who: number, want: number, settles: number): Promise<number> => {
          const worker = workers[who]!;
          const mine = held.get(worker.id) ?? [];
          const ended = mine.splice(0, settles);
          const reply = await worker.exchange(
            want,
            ended.map((id) => completed(id)),
            { limits, maxLost: 50 },
          );
          mine.push(...idsOf(reply));
          held.set(worker.id, mine);
          open -= ended.length;
          return mine.length;
        };
        for (const { who, want, settles, adds, dies } of steps) {
          await broker.enqueue(
            q,
            Array.from({ length: adds }, () => newTask(`t-${fresh()}`)),
          );
          open += adds;
          // What is on its way at the same time is all the same to Redis, but not to us.
          await Promise.all([exchange(who, want, settles), exchange((who + 1) % 3, want, 0)]);
          expect(await heldByAll()).toBeLessThanOrEqual(globalConcurrency);
          if (!dies) continue;
          await fixture.redis.zadd(key('task_workers:{q}'), 1, workers[who]!.id);
          held.delete(workers[who]!.id);
          while ((await broker.recover(q, 50, RETENTION))?.more);
          workers[who] = await join();
        }
        for (let round = 0; open > 0; round++) {
          await exchange(round % 3, 10, 10);
          expect(round).toBeLessThan(300);
        }
        expect(await heldByAll()).toBe(0);
        await fixture.redis.del(...(await fixture.keys()).map(key));
      },
    ),
    { numRuns: 20 },
  );
});

let freshNumber = 0;
const fresh = (): string => String(++freshNumber).padStart(6, '0');

async function heldByAll(): Promise<number> {
  const names = (await fixture.keys()).filter((name) => name.startsWith('task_active:'));
  return (await Promise.all(names.map((name) => fixture.redis.hlen(key(name))))).reduce((sum, one) => sum + one, 0);
}

import fc from 'fast-check';
import { it } from 'vitest';
import { MovableClock } from '../../../../lib/broker/memory/memory-clock.js';
import { MemoryBroker } from '../../../../lib/broker/memory/memory.broker.js';
import type { Outcome } from '../../../../lib/broker/exchange.js';
import { partitionOf } from '../../../../lib/broker/partition.js';
import type { BulkPlace } from '../../../../lib/broker/queue-steering.js';
import type { TaskBroker } from '../../../../lib/broker/task-broker.js';
import { openBroker } from '../../../support/broker-fixture.js';
import { debounced, unique } from '../../../support/locked-tasks.js';
import { redisFixture } from '../../../support/redis-fixture.js';
import { type OutcomePlan, Twins } from './twins.js';

/** Random sequences of all that may be asked of a broker: that in memory answers as that on Redis does. */
const RUNS = Number(process.env['FC_RUNS'] ?? 40);
const HOUR = 3_600_000;
const q = partitionOf('q');
const fixture = redisFixture('twins');

type Step = (twins: Twins) => Promise<unknown>;
function step<T>(
  name: string,
  settings: fc.Arbitrary<T>,
  run: (twins: Twins, given: T) => Promise<unknown>,
): fc.Arbitrary<Step> {
  return settings.map((given) => {
    const play: Step = async (twins) => run(twins, given);
    return Object.assign(play, { toString: () => `${name}(${JSON.stringify(given)})` });
  });
}

const choice = fc.nat(30);
const place = fc.nat(1);
const LANES = [{}, {}, { priority: 5 }, { priority: -5 }];
const GROUPS = [{ group: 'a' }, { group: 'b' }];
const kindOf = (lanes: readonly object[]) =>
  fc.record({
    ownId: fc.option(fc.constantFrom('own-1', 'own-2', 'own-3'), { freq: 2 }),
    lane: fc.constantFrom(...lanes),
    expires: fc.boolean(),
  });
const task = (
  twins: Twins,
  { ownId, lane, expires }: ReturnType<typeof kindOf> extends fc.Arbitrary<infer K> ? K : never,
) =>
  twins.newTask(ownId ?? twins.nextId(), {
    // Which of two groups comes first where a row of one adds nothing is nobody's concern.
    ...(ownId !== null && 'group' in lane ? {} : lane),
    token: ownId === null ? '' : twins.nextId(),
    expiresInMs: expires ? HOUR : undefined,
  });

const error = '{"name":"E"}';
const MAKE: Record<string, (id: string, ms: number) => Outcome> = {
  completed: (id, ttlMs) => ({ kind: 'completed', id, result: '1', ranMs: 1, ttlMs }),
  unrecorded: (id, ttlMs) => ({ kind: 'unrecorded', id, reason: 'large', ranMs: 0, ttlMs }),
  failed: (id, ttlMs) => ({ kind: 'failed', id, error, ranMs: 1, ttlMs }),
  retrying: (id, delayMs) => ({ kind: 'retrying', id, error, ranMs: 1, delayMs }),
  snoozed: (id, delayMs) => ({ kind: 'snoozed', id, delayMs }),
  deferred: (id, delayMs) => ({ kind: 'deferred', id, delayMs }),
  released: (id) => ({ kind: 'released', id, began: true }),
  cancelled: (id, ttlMs) => ({ kind: 'cancelled', id, reason: 'no', ttlMs }),
  expired: (id, ttlMs) => ({ kind: 'expired', id, ttlMs }),
  began: (id) => ({ kind: 'began', id, ranMs: 0 }),
  progress: (id) => ({ kind: 'progress', id, progress: '50' }),
};
const outcome = fc.tuple(choice, fc.constantFrom(...Object.keys(MAKE)), fc.constantFrom(0, HOUR, HOUR));
const plan = fc.array(outcome, { maxLength: 4 });
/** What becomes due in the same call at the same moment stands in the order of the ids on Redis: so one of them at most. */
const toPlan = ([at, name, ms]: [number, string, number], row: number): OutcomePlan => ({
  choice: at,
  make: (id) => MAKE[name]!(id, row === 0 ? ms : HOUR),
});

const lockKindOf = (lanes: readonly object[]) =>
  fc.record({
    until: fc.constantFrom<'finished' | 'started' | 'debounce' | 'latest' | number>(
      'finished',
      'started',
      HOUR,
      'debounce',
      'latest',
    ),
    key: fc.constantFrom('x', 'y'),
    lane: fc.constantFrom(...lanes),
  });

/** @returns how many tasks have ended */
async function drain(broker: TaskBroker, scheduled: boolean, ttlMs: number): Promise<number> {
  const lists = (await broker.queues.lists(q)).map((list): BulkPlace => ({ kind: 'list', list }));
  let count = 0;
  for (const place of scheduled ? [...lists, { kind: 'scheduled' } as const] : lists) {
    const walk = { place, action: { kind: 'end', reason: 'drained', ttlMs }, filter: {}, isDry: false } as const;
    let cursor: string | null = null;
    do {
      const page = await broker.queues.walk(q, walk, cursor);
      count += page.done;
      cursor = page.next;
    } while (cursor !== null);
  }
  return count;
}

const REPRIORITIZE = {
  weight: 1,
  arbitrary: step('reprioritize', fc.tuple(choice, fc.constantFrom(0, 5, 9)), async (twins, [at, priority]) => {
    const id = twins.pick(at);
    return twins.both((broker) => broker.steering.reprioritize(q, id, priority));
  }),
};

const REMOVE = {
  weight: 2,
  arbitrary: step('remove', choice, async (twins, at) => {
    const id = twins.pick(at);
    return twins.both((broker) => broker.steering.remove(q, id, false));
  }),
};

const stepsWith = (lanes: readonly object[]) => {
  const [kind, lockKind] = [kindOf(lanes), lockKindOf(lanes)];
  return [
    {
      weight: 5,
      arbitrary: step('enqueue', fc.array(kind, { minLength: 1, maxLength: 3 }), async (twins, kinds) => {
        const tasks = kinds.map((each) => task(twins, each));
        return twins.both((broker) => broker.enqueue(q, tasks, { inLanes: true }));
      }),
    },
    {
      weight: 2,
      arbitrary: step('schedule', fc.tuple(kind, fc.constantFrom(0, HOUR)), async (twins, [each, inMs]) => {
        const scheduled = { ...task(twins, each), due: { inMs } };
        return twins.both((broker) => broker.schedule(q, [scheduled]));
      }),
    },
    {
      weight: 3,
      arbitrary: step('addLocked', lockKind, async (twins, { until, key, lane }) => {
        const name = twins.nextId();
        const options = { key: `${until} ${key}`, ...lane };
        const isDebounced = until === 'debounce' || until === 'latest';
        const locked = isDebounced
          ? debounced(name, HOUR, { ...options, waitsForRun: until === 'latest' })
          : unique(name, until, options);
        twins.ids.push(locked.id);
        return twins.both((broker) => broker.addLocked(q, [locked]));
      }),
    },
    {
      weight: 10,
      arbitrary: step(
        'exchange',
        fc.tuple(place, fc.nat(4), plan, fc.boolean()),
        async (twins, [at, want, outcomes, marks]) => twins.exchange(at, want, outcomes.map(toPlan), marks),
      ),
    },
    {
      weight: 2,
      arbitrary: step('cancel', fc.tuple(choice, fc.constantFrom(0, HOUR)), async (twins, [at, ttlMs]) => {
        const id = twins.pick(at);
        return twins.both((broker) => broker.steering.cancel(q, id, 'no', ttlMs));
      }),
    },
    {
      weight: 3,
      arbitrary: step('reschedule', choice, async (twins, at) => {
        const id = twins.pick(at);
        return twins.both((broker) => broker.steering.reschedule(q, id, { inMs: 0 }));
      }),
    },
    {
      weight: 2,
      arbitrary: step('revive', choice, async (twins, at) => {
        const id = twins.pick(at);
        return twins.both((broker) => broker.steering.revive(q, [id]));
      }),
    },
    {
      weight: 1,
      arbitrary: step('discard', choice, async (twins, at) => {
        const id = twins.pick(at);
        return twins.both((broker) => broker.steering.discard(q, id));
      }),
    },
    {
      weight: 1,
      arbitrary: step('pause', fc.boolean(), async (twins, isPaused) =>
        twins.both((broker) => (isPaused ? broker.queues.pause(q) : broker.queues.resume(q))),
      ),
    },
    {
      weight: 1,
      arbitrary: step('drain', fc.tuple(fc.boolean(), fc.constantFrom(0, HOUR)), async (twins, [scheduled, ttlMs]) =>
        twins.both((broker) => drain(broker, scheduled, ttlMs)),
      ),
    },
    { weight: 1, arbitrary: step('die', place, async (twins, at) => twins.die(at)) },
  ];
};

/** On Redis a task that moves to another priority, or is removed, leaves a gap in its list, which may have its turn among the groups. */
const steps = {
  priorities: fc.oneof(...stepsWith(LANES), REPRIORITIZE, REMOVE),
  groups: fc.oneof(...stepsWith([...LANES, ...GROUPS])),
};

it.each(Object.entries(steps))(
  'the broker in memory answers as the one on Redis: %s',
  async (name, arbitrary) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrary, { maxLength: 40, size: 'max' }), async (sequence) => {
        const redis = openBroker({ url: fixture.url, prefix: `${fixture.prefix}${name}:${run++}:` });
        const clock = new MovableClock();
        const twins = new Twins([redis, new MemoryBroker(clock)], clock);
        for (const play of sequence) await play(twins);
        await twins.compare();
        await redis.close();
      }),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 2_000,
);

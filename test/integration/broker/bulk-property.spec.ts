import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Partition, partitionOf } from '../../../lib/broker/partition.js';
import type { BulkAction, BulkPlace } from '../../../lib/broker/queue-steering.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { completed, ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { findDamages } from '../../support/find-damages.js';
import { redisFixture } from '../../support/redis-fixture.js';

/** Pages of bulk operations among all that workers and producers do, in random order: every task has exactly one end. */
const RUNS = Number(process.env['FC_RUNS'] ?? 40);
const HOUR = 3_600_000;
const fixture = redisFixture('bulk-property');
const QUEUES = [partitionOf('q'), partitionOf('r')] as const;
type Which = 0 | 1;

/** A walk of which a step makes one page; once it is through it begins anew. */
class Walker {
  private places: BulkPlace[] = [];
  private cursor: string | null = null;

  constructor(
    private readonly broker: RedisBroker,
    private readonly partition: Partition,
    private readonly action: BulkAction,
  ) {}

  async page(): Promise<void> {
    const { broker, partition, action } = this;
    if (this.places.length === 0) {
      const lists = (await broker.queues.lists(partition)).map((list): BulkPlace => ({ kind: 'list', list }));
      this.places = [{ kind: 'scheduled' }, ...lists];
    }
    const [place] = this.places;
    if (!place) return;
    const walk = { place, action, filter: {}, isDry: false };
    this.cursor = (await broker.queues.walk(partition, walk, this.cursor)).next;
    if (this.cursor === null) this.places.shift();
  }
}

class World {
  readonly accepted: string[] = [];
  readonly ran: string[] = [];
  readonly removed = new Set<string>();
  private readonly walkers: Record<'move' | 'drain', readonly [Walker, Walker]>;

  constructor(
    readonly broker: RedisBroker,
    private readonly workers: readonly [ManualWorker, ManualWorker],
  ) {
    const [q, r] = QUEUES;
    const moveTo = (to: Partition): BulkAction => ({ kind: 'move', to, ttlMs: HOUR, withStatus: true });
    const end: BulkAction = { kind: 'end', reason: 'drained', ttlMs: HOUR };
    this.walkers = {
      move: [new Walker(broker, q, moveTo(r)), new Walker(broker, r, moveTo(q))],
      drain: [new Walker(broker, q, end), new Walker(broker, r, end)],
    };
  }

  async add(which: Which, count: number, place: object, delay: number | undefined): Promise<void> {
    const tasks = Array.from({ length: count }, () => {
      const id = `t${String(this.accepted.length).padStart(5, '0')}`;
      this.accepted.push(id);
      return { ...newTask(id, place), ...(delay !== undefined && { due: { inMs: delay } }) };
    });
    if (delay === undefined) await this.broker.enqueue(QUEUES[which], tasks, { inLanes: true });
    else await this.broker.schedule(QUEUES[which], tasks);
  }

  /** Of what it claims every so manieth comes back, at once or later. */
  async work(which: Which, want: number, every: number, delayMs: number): Promise<void> {
    const worker = this.workers[which];
    const ids = await worker.claim(want);
    const outcomes = ids.map((id, row) => {
      if (row % every !== 0 || every === 1) return completed(id);
      const back = { id, error: '{}', ranMs: 0, delayMs } as const;
      return delayMs === 0
        ? ({ kind: 'released', id, began: false } as const)
        : ({ kind: 'retrying', ...back } as const);
    });
    for (const { kind, id } of outcomes) if (kind === 'completed') this.ran.push(id);
    await worker.exchange(0, outcomes);
  }

  async page(kind: 'move' | 'drain', which: Which): Promise<void> {
    await this.walkers[kind][which].page();
  }

  async remove(which: Which, choice: number): Promise<void> {
    const id = this.accepted[choice % Math.max(1, this.accepted.length)];
    if (id === undefined) return;
    const [before] = await this.broker.statuses(QUEUES[which], [id]);
    const wasRemoved = await this.broker.steering.remove(QUEUES[which], id, false);
    const hadEnded = before?.state === 'completed' || before?.state === 'cancelled';
    if (wasRemoved && !hadEnded) this.removed.add(id);
    // What ended is counted by its status.
    if (wasRemoved && before?.reason === 'drained') this.removed.add(id);
  }

  /** Lets everything run that is still there. */
  async finish(): Promise<void> {
    for (const which of [0, 1] as const) {
      for (const id of this.accepted) await this.broker.steering.reschedule(QUEUES[which], id, { inMs: 0 });
      const before = (): number => this.ran.length;
      for (let ran = -1; ran !== before();) {
        ran = before();
        await this.work(which, 50, 1, 0);
      }
    }
  }

  /** Tasks that have not exactly one end, and how many they have. */
  async strange(): Promise<[id: string, ends: number][]> {
    const statuses = await Promise.all(QUEUES.map(async (queue) => this.broker.statuses(queue, this.accepted)));
    const drained = this.accepted.filter((_, row) => statuses.some((of) => of[row]?.reason === 'drained'));
    const ends = new Map<string, number>(this.accepted.map((id) => [id, 0]));
    for (const id of [...this.ran, ...new Set([...drained, ...this.removed])]) ends.set(id, (ends.get(id) ?? 0) + 1);
    return [...ends].filter(([, count]) => count !== 1);
  }
}

type Step = (world: World) => Promise<void>;
function step<T>(name: string, settings: fc.Arbitrary<T>, run: (world: World, given: T) => Promise<void>) {
  return settings.map((given): Step => {
    return Object.assign(async (world: World) => run(world, given), {
      toString: () => `${name}(${JSON.stringify(given)})`,
    });
  });
}

const which = fc.constantFrom<Which>(0, 1);
const place = fc.constantFrom({}, {}, {}, { priority: 5 }, { priority: -5 }, { group: 'a' }, { group: 'b' });
const delay = fc.constantFrom(undefined, undefined, undefined, 0, HOUR);
const steps = fc.oneof(
  {
    weight: 3,
    arbitrary: step('add', fc.tuple(which, fc.constantFrom(1, 5, 80), place, delay), async (world, given) =>
      world.add(...given),
    ),
  },
  {
    weight: 4,
    arbitrary: step(
      'work',
      fc.tuple(which, fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, HOUR)),
      async (world, given) => world.work(...given),
    ),
  },
  { weight: 5, arbitrary: step('move', which, async (world, given) => world.page('move', given)) },
  { weight: 2, arbitrary: step('drain', which, async (world, given) => world.page('drain', given)) },
  {
    weight: 2,
    arbitrary: step('remove', fc.tuple(which, fc.nat(500)), async (world, given) => world.remove(...given)),
  },
);

it(
  'every task has exactly one end, in whichever queue, and no damage is left',
  async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40, size: 'max' }), async (sequence) => {
        const target = { url: fixture.url, prefix: `${fixture.prefix}${run++}:` };
        const broker = openBroker(target);
        const [q, r] = QUEUES;
        const workers = [await new ManualWorker(broker, q, 'w').join(), await new ManualWorker(broker, r, 'w').join()];
        const world = new World(broker, workers as [ManualWorker, ManualWorker]);
        for (const play of sequence) await play(world);
        for (const queue of QUEUES) expect(await findDamages(target, queue)).toEqual([]);
        await world.finish();
        expect(await world.strange()).toEqual([]);
        await broker.close();
      }),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 2_000,
);

import fc from 'fast-check';
import { it } from 'vitest';
import { openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { type End, ENDS, KINDS, LocksWorld } from './locks-world.js';

/**
 * Random sequences of what may happen to tasks with keys. The model says what each add must be answered, and what a worker may get.
 */
const RUNS = Number(process.env['FC_RUNS'] ?? 60);
const fixture = redisFixture('locks-model');

type Step = (world: LocksWorld) => Promise<void>;
const step = <T>(
  arbitrary: fc.Arbitrary<T>,
  name: string,
  run: (world: LocksWorld, given: T) => Promise<void>,
): fc.Arbitrary<Step> =>
  arbitrary.map((given) => {
    const play: Step = async (world) => run(world, given);
    return Object.assign(play, { toString: () => `${name}(${JSON.stringify(given)})` });
  });

const one = fc.record({
  kind: fc.constantFrom(...KINDS),
  key: fc.constantFrom('x', 'y'),
  priority: fc.constantFrom(0, 0, 5),
});
const place = fc.nat(30);
const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: step(fc.array(one, { minLength: 1, maxLength: 4 }), 'add', async (world, adds) => world.add(adds)),
  },
  {
    weight: 4,
    arbitrary: step(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), 'take', async (world, given) =>
      world.take(...given),
    ),
  },
  {
    weight: 4,
    arbitrary: step(fc.tuple(place, fc.constantFrom(...(Object.keys(ENDS) as End[]))), 'end', async (world, given) =>
      world.end(...given),
    ),
  },
  { weight: 2, arbitrary: step(fc.constant(null), 'timePasses', async (world) => world.timePasses()) },
  { weight: 1, arbitrary: step(place, 'cancel', async (world, at) => world.cancel(at)) },
  { weight: 1, arbitrary: step(fc.constant(null), 'die', async (world) => world.die()) },
);

it(
  'tasks hold their keys as their options say, whatever becomes of them',
  async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60, size: 'max' }), async (sequence) => {
        const prefix = `${fixture.prefix}${run++}:`;
        const broker = openBroker({ url: fixture.url, prefix });
        const world = await new LocksWorld(broker, fixture.redis, prefix).begin();
        for (const play of sequence) await play(world);
        await world.drain();
        await broker.close();
      }),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 2_000,
);

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { RedisBroker } from '../../../../lib/broker/redis/redis.broker.js';
import { privateRedis } from '../../../support/private-redis.js';
import { compare } from './compare.js';
import { adminSteps } from './steps/admin.steps.js';
import { exchangeSteps, rareExchangeSteps } from './steps/exchange.steps.js';
import { faultSteps, rareFaultSteps } from './steps/fault.steps.js';
import { producerSteps } from './steps/producer.steps.js';
import type { Step } from './steps/step.js';
import { workerSteps } from './steps/worker.steps.js';
import { World } from './world.js';

const RUNS = Number(process.env['FC_RUNS'] ?? 100);
const SEED = process.env['FC_SEED'];
/** Of a failing run, as it was printed: then only that one. */
const PATH = process.env['FC_PATH'];
/** So that a failure is told of, with as short an example as was found by then. */
const LIMIT = { interruptAfterTimeLimit: 30_000 + RUNS * 3_000, markInterruptAsFailure: true };
const STEPS = 100;
/** Each step compares its own answer; all of Redis is compared after every so many, and at the end. */
const COMPARE_EVERY = 5;

const often = fc.oneof(...producerSteps, ...exchangeSteps, ...workerSteps, ...faultSteps, ...adminSteps);
const rare = fc.oneof(...rareExchangeSteps, ...rareFaultSteps);
const steps = fc.array(fc.oneof({ weight: 200, arbitrary: often }, { weight: 1, arbitrary: rare }), {
  maxLength: STEPS,
  size: 'max',
});

const fixture = privateRedis();

describe('the broker', () => {
  it(
    'does what the model does, whatever producers, workers, the clock, faults and administrators do',
    async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(steps, (sequence) => play(`run-${run++}:`, sequence)),
        { numRuns: RUNS, unbiased: true, ...LIMIT, ...(SEED && { seed: Number(SEED) }), ...(PATH && { path: PATH }) },
      );
    },
    60_000 + RUNS * 3_000,
  );
});

async function play(prefix: string, sequence: readonly Step[]): Promise<void> {
  const { url, redis } = fixture;
  const broker = new RedisBroker({ redis: url, prefix, commandTimeoutMs: 5_000 });
  const world = new World(broker, redis, prefix);
  try {
    for (const [at, step] of sequence.entries()) {
      try {
        await step.run(world);
        if ((at + 1) % COMPARE_EVERY === 0 || at + 1 === sequence.length) await compare(world);
      } catch (error) {
        throw new Error(`Step ${at + 1}, ${step.toString()}: ${String(error)}`, { cause: error });
      }
    }
  } finally {
    await broker.close();
    await redis.flushall();
  }
}

import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { redisConnections, redisMemory } from '../redis-info.js';
import type { Ledger } from './ledger.js';
import type { WorkerSample } from './messages.js';
import type { SoakOptions } from './options.js';
import { waitingTasks } from './queues-state.js';
import type { SoakProcess } from './soak-process.js';

/** The state of worker and Redis at one moment. */
export interface Sample extends WorkerSample {
  seconds: number;
  /** So far. */
  tasks: number;
  tasksPerSecond: number;
  waiting: number;
  redisBytes: number;
  keys: number;
  /** Less that of the one who asks. */
  connections: number;
}

/** Takes samples at equal intervals, and hands each on at once. */
export async function takeSamples(
  { minutes, samples: count }: SoakOptions,
  { worker, redis, ledger }: { worker: SoakProcess; redis: Redis; ledger: Ledger },
  onSample: (sample: Sample) => void,
): Promise<Sample[]> {
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (let number = 1; number <= count; number++) {
    await delay(Math.max(0, startedAt + (number * minutes * 60_000) / count - performance.now()));
    const ofWorker = (await worker.ask('sample')) as WorkerSample;
    const seconds = (performance.now() - startedAt) / 1_000;
    const before = samples.at(-1) ?? { seconds: 0, tasks: 0 };
    const sample: Sample = {
      ...ofWorker,
      seconds,
      tasks: ledger.done,
      tasksPerSecond: (ledger.done - before.tasks) / (seconds - before.seconds),
      waiting: await waitingTasks(redis),
      redisBytes: (await redisMemory(redis)).used,
      keys: await redis.dbsize(),
      connections: (await redisConnections(redis)) - 1,
    };
    samples.push(sample);
    onSample(sample);
  }
  return samples;
}

import { setTimeout as delay } from 'node:timers/promises';
import { redisUsage } from '../redis-info.js';
import { QUEUE } from '../task-data.js';
import type { Workload } from '../workload.js';
import { DrainRun } from './drain-run.js';
import { addsAndWaits } from './suits.js';

const CONCURRENCY = 10;
/** What a worker does once, when it starts, is not meant. */
const SETTLING_MS = 2_000;

/** What a worker asks of Redis while there is nothing to do. */
export function idle(queues: number): Workload {
  return {
    name: `idle-${queues}`,
    title: `A worker with nothing to do, ${queues === 1 ? 'one queue' : `${queues} queues`}`,
    amount: 30,
    quickAmount: 0.2,
    unit: 'seconds',
    maxRounds: 1,
    suits: addsAndWaits,
    async run({ peer, url, redis, amount: seconds }) {
      const { handle, fail: onError } = new DrainRun(redis, { tasks: 0, warmUp: 0 });
      const names = Array.from({ length: queues }, (_, n) => `${QUEUE}-${n + 1}`);
      const worker = await peer.work(url, { queues: names, concurrency: CONCURRENCY, handle, onError });
      await delay(Math.min(SETTLING_MS, seconds * 1_000));
      const before = await redisUsage(redis);
      await delay(seconds * 1_000);
      const after = await redisUsage(redis);
      await worker.close();
      return { idleCommands: ((after.commands - before.commands - 1) * 60) / seconds };
    },
  };
}

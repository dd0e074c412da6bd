import { setTimeout as delay } from 'node:timers/promises';
import { redisConnections } from '../redis-info.js';
import { QUEUE, taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { DrainRun } from './drain-run.js';
import { addsAndWaits } from './suits.js';

const CONCURRENCY = 10;
/** Until the worker is as it is most of the time: asleep. */
const SETTLING_MS = 1_000;

/** What a worker and a producer keep open between them, once a task has gone all the way. */
export const connections: Workload = {
  name: 'connections',
  title: `Connections of one producer and one worker, one queue, concurrency ${CONCURRENCY}`,
  amount: 1,
  quickAmount: 1,
  unit: 'tasks',
  maxRounds: 1,
  suits: addsAndWaits,
  async run({ peer, url, redis, amount }) {
    const before = await redisConnections(redis);
    const run = new DrainRun(redis, { tasks: amount, warmUp: 0 });
    const { handle, fail: onError } = run;
    const worker = await peer.work(url, { queues: [QUEUE], concurrency: CONCURRENCY, handle, onError });
    const producer = await peer.produce(url);
    await producer.add(taskData(0));
    await run.wantedHandled;
    await delay(SETTLING_MS);
    const after = await redisConnections(redis);
    await producer.close();
    await worker.close();
    return { connections: after - before };
  },
};

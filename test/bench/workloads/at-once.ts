import { QUEUE } from '../task-data.js';
import type { Workload } from '../workload.js';
import { addConcurrently } from './add-in-flight.js';
import { checkCount } from './check-count.js';
import { DrainRun } from './drain-run.js';
import { settled } from './settled.js';
import { addsAndWaits } from './suits.js';

const CONCURRENCY = 100;
const IN_FLIGHT = 100;

/** A producer and a worker share the process, and with it one thread. What counts is what was completed. */
export const atOnce: Workload = {
  name: 'at-once',
  title: `Produce with ${IN_FLIGHT} in flight and consume at once, concurrency ${CONCURRENCY}`,
  amount: 30_000,
  quickAmount: 500,
  unit: 'tasks',
  suits: addsAndWaits,
  async run(bench) {
    const { peer, url, redis, amount } = bench;
    const warmUp = Math.ceil(amount / 10);
    const tasks = warmUp + amount;
    const run = new DrainRun(redis, { warmUp, tasks });
    const { handle, fail: onError } = run;
    const producer = await peer.produce(url);
    const worker = await peer.work(url, { queues: [QUEUE], concurrency: CONCURRENCY, handle, onError });
    await Promise.all([addConcurrently(producer, IN_FLIGHT, 0, tasks), run.wantedHandled]);
    await settled(bench);
    const figures = await run.stop();

    await producer.close();
    await worker.close();
    checkCount('completed', await peer.completed(redis), tasks);
    return figures;
  },
};

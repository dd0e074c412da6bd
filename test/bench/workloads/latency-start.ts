import { QUEUE, taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { checkCount } from './check-count.js';
import { DrainRun } from './drain-run.js';
import { CONCURRENCY, INTERVAL_MS, percentiles } from './latency.js';
import { paced } from './paced.js';
import { settled } from './settled.js';
import { addsAndWaits } from './suits.js';

/** From the call of `add` to that of the handler, both in the same process. */
export const latencyStart: Workload = {
  name: 'latency-start',
  title: `From add to the start of the handler, one task each ${INTERVAL_MS} ms`,
  amount: 500,
  quickAmount: 20,
  unit: 'tasks',
  suits: addsAndWaits,
  async run(bench) {
    const { peer, url, redis, amount } = bench;
    const warmUp = Math.ceil(amount / 10);
    const tasks = warmUp + amount;
    const run = new DrainRun(redis, { tasks, warmUp: 0 });
    const addedAt = new Map<number, number>();
    const latencies: number[] = [];
    const worker = await peer.work(url, {
      queues: [QUEUE],
      concurrency: CONCURRENCY,
      handle(data) {
        latencies.push(performance.now() - (addedAt.get(data.n) ?? Number.NaN));
        return run.handle(data);
      },
      onError: run.fail,
    });
    const producer = await peer.produce(url);
    const add = async (n: number): Promise<void> => {
      const data = taskData(n);
      addedAt.set(data.n, performance.now());
      await producer.add(data);
    };
    await Promise.all([paced(tasks, INTERVAL_MS, add), run.wantedHandled]);
    await settled(bench);

    await producer.close();
    await worker.close();
    checkCount('completed', await peer.completed(redis), tasks);
    return percentiles(latencies.slice(warmUp));
  },
};

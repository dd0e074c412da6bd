import { QUEUE, taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { checkCount } from './check-count.js';
import { DrainRun } from './drain-run.js';
import { CONCURRENCY, INTERVAL_MS, percentiles } from './latency.js';
import { paced } from './paced.js';

/** From the call of `add` to the moment at which the producer has the result. */
export const latencyResult: Workload = {
  name: 'latency-result',
  title: `From add to the result at the producer, one task each ${INTERVAL_MS} ms`,
  amount: 500,
  quickAmount: 20,
  unit: 'tasks',
  suits: (peer) => peer.request !== undefined,
  async run({ peer, url, redis, amount }) {
    const requester = await peer.request?.(url);
    if (!requester) throw new Error(`${peer.title} cannot tell a producer how its task ended.`);
    const warmUp = Math.ceil(amount / 10);
    const tasks = warmUp + amount;
    const run = new DrainRun(redis, { tasks, warmUp: 0 });
    const { handle, fail: onError } = run;
    const worker = await peer.work(url, { queues: [QUEUE], concurrency: CONCURRENCY, handle, onError });
    const latencies: number[] = [];
    const request = async (n: number): Promise<void> => {
      const data = taskData(n);
      const addedAt = performance.now();
      const result = await requester.request(data);
      latencies.push(performance.now() - addedAt);
      if (result.n !== data.n) throw new Error(`The result of task ${data.n} is that of ${result.n}.`);
    };
    await Promise.all([paced(tasks, INTERVAL_MS, request), run.wantedHandled]);

    await requester.close();
    await worker.close();
    checkCount('completed', await peer.completed(redis), tasks);
    return percentiles(latencies.slice(warmUp));
  },
};

import { setTimeout as delay } from 'node:timers/promises';
import { Meter } from '../meter.js';
import { WorkerProcess } from '../worker-process.js';
import type { Workload } from '../workload.js';
import { checkCount, checkHandled } from './check-count.js';
import { fill } from './fill.js';
import { settled } from './settled.js';

const CONCURRENCY = 10;
const LOOK_AGAIN_MS = 5;

/** How a backlog is drained by several processes. Only Redis knows of all of them, so it is asked how far they are. */
export function workers(count: number): Workload {
  return {
    name: `workers-${count}`,
    title: `Drain a backlog by ${count} worker process${count === 1 ? '' : 'es'}, concurrency ${CONCURRENCY} each`,
    amount: 50_000,
    quickAmount: 1_000,
    unit: 'tasks',
    async run(bench) {
      const { peer, peerName, url, redis, amount } = bench;
      const tasks = Math.ceil(amount / 10) + amount;
      const producer = await peer.produce(url);
      await fill(producer, 0, tasks);
      await producer.close();
      const loading = Array.from({ length: count }, () => WorkerProcess.load(peerName, url, CONCURRENCY));
      const processes = await Promise.all(loading);
      // None of them is to drain the queue while others still start.
      await Promise.all(processes.map((process) => process.work()));
      for (const process of processes) process.goOn();

      while ((await peer.unsettled(redis)) > amount) await delay(LOOK_AGAIN_MS);
      const meter = await Meter.start(redis);
      const left = await peer.unsettled(redis);
      await settled(bench, LOOK_AGAIN_MS);
      // This process only looks on: what it uses says nothing.
      const { nodeMicros, othersPercent, ...figures } = await meter.stop(left);

      const reports = await Promise.all(processes.map((process) => process.stop()));
      checkHandled(
        reports.flatMap(({ handled }) => handled),
        tasks,
      );
      checkCount('completed', await peer.completed(redis), tasks);
      return figures;
    },
  };
}

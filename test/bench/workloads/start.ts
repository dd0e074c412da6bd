import { taskData } from '../task-data.js';
import { WorkerProcess } from '../worker-process.js';
import type { Workload } from '../workload.js';
import { checkHandled } from './check-count.js';
import { settled } from './settled.js';
import { addsAndWaits } from './suits.js';

const CONCURRENCY = 10;

/** A task waits already when a fresh process, which has loaded its code, starts the worker. */
export const start: Workload = {
  name: 'start',
  title: 'From the start of a worker to its first task',
  amount: 1,
  quickAmount: 1,
  unit: 'tasks',
  suits: addsAndWaits,
  async run(bench) {
    const { peer, peerName, url, amount } = bench;
    const producer = await peer.produce(url);
    await producer.add(taskData(0));
    await producer.close();
    const worker = await WorkerProcess.load(peerName, url, CONCURRENCY);
    await worker.work();
    worker.goOn();
    await settled(bench);
    const { handled, firstTaskMs } = await worker.stop();
    checkHandled(handled, amount);
    return { startMs: firstTaskMs };
  },
};

import type { Figures } from '../figures.js';
import { Meter } from '../meter.js';
import { QUEUE, taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { checkCount } from './check-count.js';
import { DrainRun } from './drain-run.js';
import { percentiles } from './latency.js';
import { settled } from './settled.js';

const CONCURRENCY = 100;
/** What it takes to add a task is far less; so none is due before the last one has been added. */
const ADDING_MS = 0.5;
const AT_LEAST_MS = 1_000;

/** groupmq looks for what is due once a second, and with many tasks now and then does not come to the end. */
const PEERS = ['ours', 'bullmq', 'bee-queue', 'bull'];

interface Delays {
  name: string;
  title: string;
  /** Between the times at which two of them are due. */
  apartMs: number;
  tasks: number;
}

/** How late tasks begin that had to wait for their time, in an idle worker. */
export function delayed({ name, title, apartMs, tasks: amount }: Delays): Workload {
  return {
    name: `delayed-${name}`,
    title: `${title}, concurrency ${CONCURRENCY}: how late they begin`,
    amount,
    quickAmount: 200,
    unit: 'tasks',
    peers: PEERS,
    suits: (peer) => peer.schedule !== undefined,
    async run(bench) {
      const { peer, url, redis, amount: tasks } = bench;
      let firstDueAt = Infinity;
      const dueAt = (n: number): number => firstDueAt + n * apartMs;
      const run = new DrainRun(redis, { tasks, warmUp: 0 });
      const latenesses: number[] = [];
      const worker = await peer.work(url, {
        queues: [QUEUE],
        concurrency: CONCURRENCY,
        awaitsDelayed: true,
        handle(data) {
          latenesses.push(nowMs() - dueAt(data.n - taskData(0).n));
          return run.handle(data);
        },
        onError: run.fail,
      });
      firstDueAt = Date.now() + AT_LEAST_MS + tasks * ADDING_MS;
      await peer.schedule?.(
        url,
        Array.from({ length: tasks }, (_, n) => ({ data: taskData(n), dueAt: dueAt(n) })),
      );
      if (Date.now() > firstDueAt) throw new Error(`${peer.title} takes too long to add ${tasks} tasks.`);
      const meter = await Meter.start(redis);
      await run.wantedHandled;
      await settled(bench);
      const { tasksPerSecond: _, ...cost }: Figures = await meter.stop(tasks);

      await worker.close();
      checkCount('completed', await peer.completed(redis), tasks);
      return { ...percentiles(latenesses), ...cost };
    },
  };
}

/** Of the clock by which tasks are due, with its fractions. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

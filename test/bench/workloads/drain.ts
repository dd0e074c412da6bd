import type { Workload } from '../workload.js';
import { drainBacklog } from './drain-backlog.js';

/** How fast a worker gets through what waits. */
export function drain({ concurrency, tasks }: { concurrency: number; tasks: number }): Workload {
  return {
    name: `drain-${concurrency}`,
    title: `Drain a backlog, concurrency ${concurrency}`,
    amount: tasks,
    quickAmount: 1_000,
    unit: 'tasks',
    run: (bench) => drainBacklog(bench, { concurrency, warmUp: Math.ceil(bench.amount / 10) }),
  };
}

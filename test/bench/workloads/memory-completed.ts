import type { Workload } from '../workload.js';
import { drainBacklog } from './drain-backlog.js';
import { memoryGrowth } from './memory-growth.js';

export const memoryCompleted: Workload = {
  name: 'memory-completed',
  title: 'Memory of completed tasks',
  amount: 50_000,
  quickAmount: 2_000,
  unit: 'tasks',
  run: (bench) => memoryGrowth(bench.redis, bench.amount, () => drainBacklog(bench, { concurrency: 100, warmUp: 0 })),
};

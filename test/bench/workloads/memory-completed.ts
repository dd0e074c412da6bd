import type { Workload } from '../workload.js';
import { drainBacklog } from './drain-backlog.js';
import { memoryGrowth } from './memory-growth.js';

export const memoryCompleted: Workload = {
  name: 'memory-completed',
  title: 'Memory of completed tasks',
  tasks: 50_000,
  quickTasks: 2_000,
  run: (bench) => memoryGrowth(bench.redis, bench.tasks, () => drainBacklog(bench, { concurrency: 100, warmUp: 0 })),
};

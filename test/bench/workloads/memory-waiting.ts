import type { Workload } from '../workload.js';
import { checkCount } from './check-count.js';
import { fill } from './fill.js';
import { memoryGrowth } from './memory-growth.js';

export const memoryWaiting: Workload = {
  name: 'memory-waiting',
  title: 'Memory of waiting tasks',
  tasks: 50_000,
  quickTasks: 2_000,
  async run({ peer, url, redis, tasks }) {
    const figures = await memoryGrowth(redis, tasks, async () => {
      const producer = await peer.produce(url);
      await fill(producer, 0, tasks);
      await producer.close();
    });
    checkCount('waiting', await peer.unsettled(redis), tasks);
    return figures;
  },
};

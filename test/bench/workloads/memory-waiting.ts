import type { Workload } from '../workload.js';
import { checkCount } from './check-count.js';
import { fill } from './fill.js';
import { memoryGrowth } from './memory-growth.js';

export const memoryWaiting: Workload = {
  name: 'memory-waiting',
  title: 'Memory of waiting tasks',
  amount: 50_000,
  quickAmount: 2_000,
  unit: 'tasks',
  async run({ peer, url, redis, amount }) {
    const figures = await memoryGrowth(redis, amount, async () => {
      const producer = await peer.produce(url);
      await fill(producer, 0, amount);
      await producer.close();
    });
    checkCount('waiting', await peer.unsettled(redis), amount);
    return figures;
  },
};

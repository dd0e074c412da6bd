import { taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { measureAdding } from './adding.js';
import { addsAndWaits } from './suits.js';

export const addAwaited: Workload = {
  name: 'add-awaited',
  title: 'Add one by one, each awaited',
  amount: 10_000,
  quickAmount: 100,
  unit: 'tasks',
  suits: addsAndWaits,
  run: (bench) =>
    measureAdding(bench, async (producer, from, to) => {
      for (let n = from; n < to; n++) await producer.add(taskData(n));
    }),
};

import { taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { measureAdding } from './adding.js';

export const addAwaited: Workload = {
  name: 'add-awaited',
  title: 'Add one by one, each awaited',
  tasks: 10_000,
  quickTasks: 100,
  run: (bench) =>
    measureAdding(bench, async (producer, from, to) => {
      for (let n = from; n < to; n++) await producer.add(taskData(n));
    }),
};

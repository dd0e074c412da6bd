import { taskData } from '../task-data.js';
import type { Workload } from '../workload.js';
import { measureAdding } from './adding.js';

const IN_FLIGHT = 100;

export const addInFlight: Workload = {
  name: 'add-in-flight',
  title: `Add with ${IN_FLIGHT} in flight`,
  tasks: 50_000,
  quickTasks: 200,
  run: (bench) =>
    measureAdding(bench, async (producer, from, to) => {
      let next = from;
      const addOneByOne = async (): Promise<void> => {
        while (next < to) await producer.add(taskData(next++));
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, addOneByOne));
    }),
};

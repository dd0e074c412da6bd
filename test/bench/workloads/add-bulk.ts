import type { Workload } from '../workload.js';
import { measureAdding } from './adding.js';
import { BULK_ROWS, fill } from './fill.js';

export const addBulk: Workload = {
  name: 'add-bulk',
  title: `Add in bulks of ${BULK_ROWS.toLocaleString('en')}, one after the other`,
  tasks: 100_000,
  quickTasks: 2_000,
  run: (bench) => measureAdding(bench, fill),
};

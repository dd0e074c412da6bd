import type { Workload } from '../workload.js';
import { measureAdding } from './adding.js';
import { BULK_ROWS, fill } from './fill.js';

export const addBulk: Workload = {
  name: 'add-bulk',
  title: `Add in bulks of ${BULK_ROWS.toLocaleString('en')}, one after the other`,
  amount: 100_000,
  quickAmount: 2_000,
  unit: 'tasks',
  run: (bench) => measureAdding(bench, fill),
};

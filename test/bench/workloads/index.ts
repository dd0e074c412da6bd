import type { Workload } from '../workload.js';
import { addAwaited } from './add-awaited.js';
import { addBulk } from './add-bulk.js';
import { addInFlight } from './add-in-flight.js';
import { drain } from './drain.js';
import { memoryCompleted } from './memory-completed.js';
import { memoryWaiting } from './memory-waiting.js';

/** All workloads, in the order in which they are run. */
export const WORKLOADS: readonly Workload[] = [
  addAwaited,
  addInFlight,
  addBulk,
  drain({ concurrency: 1, tasks: 20_000 }),
  drain({ concurrency: 10, tasks: 30_000 }),
  drain({ concurrency: 100, tasks: 50_000 }),
  memoryWaiting,
  memoryCompleted,
];

export function findWorkload(name: string): Workload {
  const workload = WORKLOADS.find((candidate) => candidate.name === name);
  if (!workload) throw new Error(`There is no workload "${name}".`);
  return workload;
}

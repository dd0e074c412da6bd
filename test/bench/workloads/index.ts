import type { Workload } from '../workload.js';
import { addAwaited } from './add-awaited.js';
import { addBulk } from './add-bulk.js';
import { addInFlight } from './add-in-flight.js';
import { atOnce } from './at-once.js';
import { connections } from './connections.js';
import { delayed } from './delayed.js';
import { drain } from './drain.js';
import { enhancers } from './enhancers.js';
import { features } from './features.js';
import { addBeside, type Crowd, drainBeside } from './growth.js';
import { idle } from './idle.js';
import { latencyResult } from './latency-result.js';
import { latencyStart } from './latency-start.js';
import { memoryCompleted } from './memory-completed.js';
import { memoryWaiting } from './memory-waiting.js';
import { policies } from './policies.js';
import { start } from './start.js';
import { workers } from './workers.js';

const CROWDS: readonly Crowd[] = [
  { name: '10k', kind: 'waiting', times: 1, peers: ['ours', 'bullmq'] },
  { name: '100k', kind: 'waiting', times: 10, peers: ['ours', 'bullmq'] },
  { name: '1m', kind: 'waiting', times: 100, peers: ['ours'] },
  { name: '100k-scheduled', kind: 'scheduled', times: 10, peers: ['ours', 'bullmq'] },
];

/** All workloads, in the order in which they are run. */
export const WORKLOADS: readonly Workload[] = [
  addAwaited,
  addInFlight(100),
  addInFlight(1_000),
  addBulk,
  drain({ concurrency: 1, tasks: 20_000 }),
  drain({ concurrency: 10, tasks: 30_000 }),
  drain({ concurrency: 100, tasks: 50_000 }),
  atOnce,
  latencyStart,
  latencyResult,
  delayed({ name: 'at-one-moment', title: 'Tasks that are due at one moment', apartMs: 0, tasks: 10_000 }),
  delayed({ name: 'one-per-ms', title: 'Tasks of which one is due each millisecond', apartMs: 1, tasks: 5_000 }),
  ...CROWDS.map(addBeside),
  ...CROWDS.map(drainBeside),
  workers(1),
  workers(4),
  start,
  idle(1),
  idle(5),
  connections,
  memoryWaiting,
  memoryCompleted,
  ...policies,
  enhancers,
  ...features,
];

export function findWorkload(name: string): Workload {
  const workload = WORKLOADS.find((candidate) => candidate.name === name);
  if (!workload) throw new Error(`There is no workload "${name}".`);
  return workload;
}

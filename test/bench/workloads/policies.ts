import type { Workload } from '../workload.js';
import { addBulk } from './add-bulk.js';
import { drain } from './drain.js';
import { memoryCompleted } from './memory-completed.js';
import { memoryWaiting } from './memory-waiting.js';

/** Only `status` has to do with how tasks are added, and with what is kept of them. */
const OF_STATUS = ['ours', 'ours:final', 'ours:off'];

/** What the library's policies cost and save: the same as with other peers, but with the library under each of them. */
export const policies: readonly Workload[] = [
  underPolicies(addBulk, OF_STATUS),
  underPolicies(drain({ concurrency: 1, tasks: 20_000 })),
  underPolicies(drain({ concurrency: 10, tasks: 30_000 })),
  underPolicies(drain({ concurrency: 100, tasks: 50_000 })),
  underPolicies(memoryWaiting, OF_STATUS),
  underPolicies(memoryCompleted, OF_STATUS),
];

function underPolicies(workload: Workload, peers?: readonly string[]): Workload {
  const { name, title } = workload;
  return {
    ...workload,
    name: `policies-${name}`,
    title: `${title}, by policy`,
    compares: 'policies',
    ...(peers && { peers }),
  };
}

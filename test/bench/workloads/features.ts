import type { Workload } from '../workload.js';
import { addBulk } from './add-bulk.js';
import { drain } from './drain.js';

/** What each feature costs those who use it: the same with the library and plain tasks, and with tasks that ask for more. */
export const features: readonly Workload[] = [
  withFeatures(addBulk, [
    'ours',
    'ours:priority',
    'ours:group',
    'ours:unique',
    'ours:delay',
    'ours:debounce',
    'ours:telemetry',
    'ours:watched-1',
    'ours:watched-10000',
  ]),
  withFeatures(drain({ concurrency: 100, tasks: 50_000 })),
];

function withFeatures(workload: Workload, peers?: readonly string[]): Workload {
  const { name, title } = workload;
  return {
    ...workload,
    name: `features-${name}`,
    title: `${title}, by feature`,
    compares: 'features',
    ...(peers && { peers }),
  };
}

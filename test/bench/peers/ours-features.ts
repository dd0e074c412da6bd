import type { AddOptions, QueueOptions } from '../../../lib/index.js';
import type { TaskData } from '../task-data.js';

/** One thing that users may ask of the library beyond plain tasks. */
export interface Feature {
  /** Of the queue. */
  queue?: QueueOptions;
  /** Of each task. */
  add?: (data: TaskData) => AddOptions;
  /** Where tasks wait besides the queue: what follows its key. */
  lanes?: readonly string[];
  /** How many tasks the handler gets at once. */
  batchSize?: number;
  /** Tasks wait for their time first. */
  areScheduled?: true;
  /** How many schedules the queue has besides. None of them ticks meanwhile. */
  schedules?: number;
  /** Adds and runs are told to an SDK of OpenTelemetry, which drops what it has gathered. */
  isTraced?: true;
  /** How many tasks somebody watches that are not due meanwhile. */
  watchesOthers?: number;
  /** Somebody watches some of the tasks that are measured. */
  watchesOurs?: true;
}

const PRIORITIES = [-1, 1, 2];
const GROUPS = Array.from({ length: 10 }, (_, n) => `g${n}`);

const inGroup = ({ n }: TaskData): AddOptions => ({ group: GROUPS[n % GROUPS.length] });
const groupLanes = GROUPS.map((group) => `group:${group}`);

export const features = {
  priority: {
    add: ({ n }) => ({ priority: PRIORITIES[n % PRIORITIES.length] }),
    lanes: PRIORITIES.map((priority) => `priority:${priority}`),
  },
  group: { add: inGroup, lanes: groupLanes },
  'bounded-group': { queue: { groups: { concurrency: 50 } }, add: inGroup, lanes: groupLanes },
  // More than there can be: what is measured is that it is looked at.
  rate: { queue: { rate: { max: 10_000, per: '10ms' } } },
  'global-concurrency': { queue: { globalConcurrency: 10_000 } },
  // Due before a worker is there.
  delay: { add: () => ({ delay: 1 }), areScheduled: true },
  debounce: { add: ({ n }) => ({ debounce: { key: String(n), wait: 1 } }), areScheduled: true },
  schedule: { schedules: 1_000 },
  unique: { add: ({ n }) => ({ unique: { key: String(n), until: 'finished' } }) },
  batch: { batchSize: 100 },
  telemetry: { isTraced: true },
  'watched-1': { watchesOthers: 1 },
  'watched-10000': { watchesOthers: 10_000 },
  'watched-ours': { add: ({ n }) => ({ id: String(n) }), watchesOurs: true },
} satisfies Record<string, Feature>;

export type FeatureName = keyof typeof features;

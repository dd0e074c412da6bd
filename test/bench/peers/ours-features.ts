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
} satisfies Record<string, Feature>;

export type FeatureName = keyof typeof features;

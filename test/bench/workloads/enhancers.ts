import type { Workload } from '../workload.js';
import { drain } from './drain.js';

const DRAIN = drain({ concurrency: 100, tasks: 50_000 });

/** What guards and the like around a handler cost: the same drain with none, some and all of them. */
export const enhancers: Workload = {
  ...DRAIN,
  name: `enhancers-${DRAIN.name}`,
  title: `${DRAIN.title}, by what stands around the handler`,
  compares: 'enhancers',
};

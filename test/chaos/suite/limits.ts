import type { QueueOptions, TaskHandlerOptions } from '../../../lib/index.js';
import { taskNameOf } from './tasks.js';

/** The queue whose tasks have to wait for limits of all workers together. */
export const RATED_QUEUE = 'rated';

/** At most so many starts within any such span. */
export interface Limit {
  max: number;
  perMs: number;
}

/** Of the queue. */
export const QUEUE_RATE: Limit = { max: 10, perMs: 400 };
/** Of one name on it. */
export const NAME_RATE: Limit = { max: 6, perMs: 300 };
export const RATED_NAME = taskNameOf('rated');
/** How many of its tasks all workers hold. */
export const GLOBAL_CONCURRENCY = 4;

export const ratedQueueOptions: QueueOptions = { rate: rateOf(QUEUE_RATE), globalConcurrency: GLOBAL_CONCURRENCY };
export const ratedHandlerOptions: TaskHandlerOptions = { queue: RATED_QUEUE, rate: rateOf(NAME_RATE) };

function rateOf({ max, perMs }: Limit): { max: number; per: number } {
  return { max, per: perMs };
}

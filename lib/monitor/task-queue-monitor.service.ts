import { checkQueueName } from '../broker/names.js';
import { partitionOf } from '../broker/partition.js';
import type { QueueCounts } from '../broker/queue-readings.js';
import type { TaskBroker } from '../broker/task-broker.js';

/** For how long tasks of a queue have to wait. */
export interface QueueLatency {
  /** For how long the task has been waiting for a worker that has been waiting longest; `null` where none waits. */
  oldestWaitingMs: number | null;
  /** For how long the task is overdue that is overdue longest, of those that wait for their time: 0 where none is, `null` where none waits for its time. */
  scheduledLagMs: number | null;
}

/**
 * How queues and their workers get on, from any process. Nothing of it keeps Redis from its work.
 *
 * @example
 * const { waiting, failed } = await monitor.counts('email');
 */
export class TaskQueueMonitor {
  constructor(private readonly broker: TaskBroker) {}

  /**
   * How many tasks of a queue stand where. Costs Redis one script, and another one for each 100 workers, priorities and groups.
   * @throws TaskQueueError `INVALID_QUEUE`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async counts(queue: string): Promise<QueueCounts> {
    checkQueueName(queue);
    return this.broker.readings.counts(partitionOf(queue));
  }

  /** For how long tasks of a queue have to wait. @throws TaskQueueError as `counts` */
  async latency(queue: string): Promise<QueueLatency> {
    checkQueueName(queue);
    const { readings } = this.broker;
    const [oldestWaitingMs, scheduledLagMs] = await Promise.all([
      readings.longestWait(partitionOf(queue)),
      readings.scheduledLag(partitionOf(queue)),
    ]);
    return { oldestWaitingMs, scheduledLagMs };
  }
}

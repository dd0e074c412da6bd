import type { Partition } from '../partition.js';
import type { QueueCounts, QueueReadings } from '../queue-readings.js';
import type { MemoryQueue } from './memory-queue.js';
import type { MemoryReports } from './memory-reports.js';

export class MemoryReadings implements QueueReadings {
  constructor(
    private readonly queue: (partition: Partition) => MemoryQueue,
    private readonly reports: MemoryReports,
  ) {}

  async counts(partition: Partition): Promise<QueueCounts> {
    const { lines, scheduled, statuses, dead, heldCount, isPaused, clock } = this.queue(partition);
    const { completed, failed } = this.reports.lastMinute(partition, clock.nowMs);
    const retrying = scheduled.all.filter(({ task: { id } }) => statuses.get(id)?.state === 'retrying').length;
    return {
      waiting: lines.all.length,
      scheduled: scheduled.size - retrying,
      active: heldCount,
      retrying,
      failed: dead.size,
      paused: isPaused,
      completedPerMinute: completed,
      failedPerMinute: failed,
    };
  }

  async scheduledLag(partition: Partition): Promise<number | null> {
    const { scheduled, clock } = this.queue(partition);
    return scheduled.firstDue === undefined ? null : Math.max(0, clock.nowMs - scheduled.firstDue);
  }

  async longestWait(partition: Partition): Promise<number | null> {
    return this.queue(partition).longestWait;
  }
}

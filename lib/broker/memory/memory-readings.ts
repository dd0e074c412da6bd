import type { Partition } from '../partition.js';
import type { QueueReadings } from '../queue-readings.js';
import type { MemoryQueue } from './memory-queue.js';

export class MemoryReadings implements QueueReadings {
  constructor(private readonly queue: (partition: Partition) => MemoryQueue) {}

  async longestWait(partition: Partition): Promise<number | null> {
    return this.queue(partition).longestWait;
  }
}

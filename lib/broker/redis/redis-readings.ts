import type { Partition } from '../partition.js';
import type { QueueReadings } from '../queue-readings.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';

/** Whatever it reads is O(1), or read in pages. */
export class RedisReadings implements QueueReadings {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
  ) {}

  async longestWait(partition: Partition): Promise<number | null> {
    const waitMs = await this.commands.repeatable((client) =>
      client.taskLongestWait([...this.keys.scripts(partition)]),
    );
    return waitMs < 0 ? null : waitMs;
  }
}

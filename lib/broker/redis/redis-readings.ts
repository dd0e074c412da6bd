import type { Partition } from '../partition.js';
import type { QueueCounts, QueueReadings } from '../queue-readings.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';
import type { CountsAnswer } from './redis-scripts.js';

/** How many pages are counted, of a hundred lists or more each. */
const MAX_PAGES = 1_000;

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

  async counts(partition: Partition): Promise<QueueCounts> {
    const page = async (place: number, cursor: string): Promise<CountsAnswer> => {
      const call = [...this.keys.scripts(partition), place, cursor, this.keys.history(partition, 'hour')];
      return this.commands.repeatable((client) => client.taskCounts(call));
    };
    const first = await page(1, '0');
    let [place, cursor, waiting, active] = first;
    for (let pages = 1; place !== 0 && pages < MAX_PAGES; pages++) {
      const next = await page(place, cursor);
      [place, cursor] = next;
      waiting += next[2];
      active += next[3];
    }
    const [parked = 0, retrying = 0, failed = 0, paused = 0, completedPerMinute = 0, failedPerMinute = 0] = first.slice(
      4,
    ) as number[];
    const scheduled = Math.max(0, parked - retrying);
    return { waiting, scheduled, active, retrying, failed, paused: paused === 1, completedPerMinute, failedPerMinute };
  }

  async scheduledLag(partition: Partition): Promise<number | null> {
    const [[, due], [seconds, micros]] = await this.commands.repeatable((client) =>
      Promise.all([client.zrange(this.keys.scheduled(partition), '0', '0', 'WITHSCORES'), client.time()]),
    );
    if (due === undefined) return null;
    const nowMs = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    return Math.max(0, nowMs - Math.floor(Number(due)));
  }
}

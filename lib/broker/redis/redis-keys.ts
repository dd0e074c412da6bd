import type { Partition } from '../partition.js';

/**
 * Every key of the layout, by partition. The hash tag `{partition}` keeps all of them in one slot of a cluster.
 * `scripts` is what scripts get as KEYS; its order is that of the first line of the scripts' preamble.
 */
export class RedisKeys {
  private readonly cache = new Map<Partition, string[]>();

  constructor(private readonly prefix: string) {}

  /** LIST of tokens that a sleeping worker blocks on */
  bell(partition: Partition): string {
    return `${this.prefix}task_bell:{${partition}}`;
  }

  /** HASH of one task's status */
  status(partition: Partition, id: string): string {
    return `${this.prefix}task_status:{${partition}}:${id}`;
  }

  /** HASH id → envelope of what a worker holds */
  active(partition: Partition, worker: string): string {
    return `${this.prefix}task_active:{${partition}}:${worker}`;
  }

  scripts(partition: Partition): readonly string[] {
    let keys = this.cache.get(partition);
    if (!keys) {
      const key = (what: string): string => `${this.prefix}${what}:{${partition}}`;
      keys = [
        key('task_queue'), // LIST of envelopes, pushed left, taken right
        this.bell(partition),
        key('task_scheduled'), // ZSET id → due time in ms
        key('task_parked'), // HASH id → envelope of what is scheduled or dead
        key('task_workers'), // ZSET worker → lease expiry in ms, 0 once declared dead
        key('task_dead'), // ZSET id → time of death in ms
        key('task_recent'), // LIST of ids finished last, capped
        key('task_meta'), // HASH of the layout version and counters
        this.status(partition, ''),
        this.active(partition, ''),
      ];
      this.cache.set(partition, keys);
    }
    return keys;
  }
}

/** How many keys every script gets. */
export const SCRIPT_KEYS = 10;

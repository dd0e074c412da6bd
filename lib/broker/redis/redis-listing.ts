import type { Partition } from '../partition.js';
import type { PlacedTask } from '../placed-task.js';
import type { TaskListing, Walk, WalkStep } from '../task-listing.js';
import { HeldWalk } from './listing/held-walk.js';
import { IndexWalk } from './listing/index-walk.js';
import { RecentWalk } from './listing/recent-walk.js';
import { TaskSearch } from './listing/task-search.js';
import { WaitingWalk } from './listing/waiting-walk.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';

const WALKS = {
  waiting: WaitingWalk,
  scheduled: IndexWalk,
  retrying: IndexWalk,
  active: HeldWalk,
  failed: IndexWalk,
  completed: RecentWalk,
  cancelled: RecentWalk,
} as const;

/** Reads tasks where they stand. Each command reads 100 of them at most, and about 128 KiB. */
export class RedisListing implements TaskListing {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
  ) {}

  walk(walk: Walk): AsyncIterable<WalkStep> {
    return new WALKS[walk.state](this.keys, this.commands, walk.partition).steps(walk);
  }

  async find(partition: Partition, id: string, searches: boolean): Promise<PlacedTask | null> {
    return new TaskSearch(this.keys, this.commands, partition, id).find(searches);
  }
}

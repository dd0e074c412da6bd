import type { Partition } from '../../partition.js';
import { placedTask } from '../../placed-task.js';
import type { Walk, WalkStep } from '../../task-listing.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';
import { readPosition, writePosition } from './position.js';
import { TaskReader } from './task-reader.js';

/** Walks through what ended last, the latest first. There are so few that their ids are read at once. */
export class RecentWalk {
  private readonly reader: TaskReader;

  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly partition: Partition,
  ) {
    this.reader = new TaskReader(keys, commands, partition);
  }

  async *steps({ state, position, count }: Walk): AsyncGenerator<WalkStep> {
    const [last] = position === null ? [''] : readPosition(position, [''] as [string]);
    const ids = await this.commands.repeatable((client) => client.lrange(this.keys.recent(this.partition), 0, -1));
    // Where it has fallen off the end, so has all that is behind it.
    const passed = position === null ? 0 : ids.lastIndexOf(last) + 1 || ids.length;
    const rest = [...new Set(ids.slice(passed))];
    for (let start = 0; start < rest.length; start += count) {
      const page = rest.slice(start, start + count);
      const facts = await this.reader.facts(page);
      for (const [row, id] of page.entries()) {
        const { status = null, bytes = 0 } = facts[row] ?? {};
        const task = status?.state === state ? placedTask({ state, id, stored: null, status }) : null;
        yield { task, bytes, position: writePosition(id) };
      }
    }
  }
}

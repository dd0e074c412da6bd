import { readStored } from '../../envelope.js';
import type { Partition } from '../../partition.js';
import { placedTask } from '../../placed-task.js';
import type { Walk, WalkStep } from '../../task-listing.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';
import { readPosition, writePosition } from './position.js';
import { TaskReader } from './task-reader.js';

/** Walks through what workers hold: by their names, and of each by the ids of the tasks, which no one else's coming or going changes. */
export class HeldWalk {
  private readonly reader: TaskReader;

  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly partition: Partition,
  ) {
    this.reader = new TaskReader(keys, commands, partition);
  }

  async *steps({ position, count }: Pick<Walk, 'position' | 'count'>): AsyncGenerator<WalkStep> {
    const { keys, partition } = this;
    const [first, last] = position === null ? ['', ''] : readPosition(position, ['', ''] as [string, string]);
    const workers = await this.commands.repeatable((client) => client.zrange(keys.workers(partition), '0', '-1'));
    for (const worker of workers.filter((name) => name >= first).sort()) {
      const hash = keys.active(partition, worker);
      const ids = await this.commands.repeatable((client) => client.hkeys(hash));
      const rest = worker === first ? ids.filter((id) => id > last) : ids;
      rest.sort();
      for (let start = 0; start < rest.length; start += count) {
        for await (const { id, envelope, status, bytes } of this.reader.tasks(hash, rest.slice(start, start + count))) {
          const stored = envelope === null ? null : readStored(envelope);
          const task = stored && placedTask({ state: 'active', id, stored, worker, status });
          yield { task, bytes, position: writePosition(worker, id) };
        }
      }
    }
  }
}

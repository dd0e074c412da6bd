import type { Redis } from 'ioredis';
import type { Partition } from '../partition.js';
import { type StatusListener, type StatusWatch, WATCH_TTL_MS } from '../status-watch.js';
import type { ConnectionListener, RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';

/** How many tasks one call enters. */
const PAGE = 500;

/** A connection that subscribes to the channels of watched tasks, which are named as their status keys. */
export class RedisStatusWatch implements StatusWatch, ConnectionListener {
  private readonly connection: RedisConnection;
  private readonly tasks = new Map<string, { partition: Partition; id: string }>();
  private client: Redis | undefined;

  /** @param connect opens a connection, and tells its listener how that goes */
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly listener: StatusListener,
    connect: (listener: ConnectionListener) => RedisConnection,
  ) {
    this.connection = connect(this);
  }

  /** The channel comes first: what happens between the two is told. */
  async enter(partition: Partition, ids: readonly string[]): Promise<void> {
    for (const page of pagesOf(ids)) {
      const channels = page.map((id) => this.keys.status(partition, id));
      await this.connection.repeatable((client) => client.subscribe(...channels));
      page.forEach((id, row) => this.tasks.set(channels[row] ?? '', { partition, id }));
      const call = [...this.keys.scripts(partition), WATCH_TTL_MS, ...page];
      await this.commands.repeatable((client) => client.taskWatch(call));
    }
  }

  async leave(partition: Partition, ids: readonly string[], areOver: boolean): Promise<void> {
    for (const page of pagesOf(ids)) {
      const channels = page.map((id) => this.keys.status(partition, id));
      for (const channel of channels) this.tasks.delete(channel);
      await this.connection.repeatable((client) => client.unsubscribe(...channels));
      if (!areOver) continue;
      await this.commands.repeatable((client) => client.zrem(this.keys.watched(partition), ...page));
    }
  }

  /** See `RedisConnection.renew`. */
  renew(): void {
    this.connection.renew();
  }

  close(): void {
    this.connection.close();
  }

  lost(): void {
    // The connection for commands tells of outages.
  }

  ready(client: Redis): void {
    if (this.client) return this.listener.missed();
    this.client = client;
    client.on('message', (channel: string) => {
      const task = this.tasks.get(channel);
      if (task) this.listener.changed(task.partition, task.id);
    });
  }
}

function pagesOf(ids: readonly string[]): string[][] {
  const count = Math.ceil(ids.length / PAGE);
  return Array.from({ length: count }, (_, page) => ids.slice(page * PAGE, (page + 1) * PAGE));
}

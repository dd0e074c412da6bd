import { NotAPlainStatusError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import type { PlainSource, PlainStore } from '../plain-store.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';
import { isWrongType, RedisPlainInlet } from './redis-plain-inlet.js';
import type { RedisWatch } from './redis-watch.js';

/** Lists and statuses that others have named. */
export class RedisPlain implements PlainStore {
  private readonly inlets = new Set<RedisPlainInlet>();

  /** @param connect opens a connection for commands that block */
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly health: RedisWatch,
    private readonly connect: () => RedisConnection,
  ) {}

  open(partition: Partition, source: PlainSource): RedisPlainInlet {
    const inlet = new RedisPlainInlet(partition, source, this.keys, this.commands, this.connect(), () =>
      this.inlets.delete(inlet),
    );
    this.inlets.add(inlet);
    return inlet;
  }

  async push(list: string, value: string): Promise<number> {
    return this.health.adding(this.commands.once((client) => client.lpush(list, value)));
  }

  async word(key: string): Promise<string | null> {
    try {
      return await this.commands.repeatable((client) => client.get(key));
    } catch (error) {
      if (!isWrongType(error)) throw error;
      throw new NotAPlainStatusError(key, await this.commands.repeatable((client) => client.type(key)));
    }
  }

  async setWord(key: string, word: string, ttlMs?: number): Promise<void> {
    const found = await this.commands.repeatable((client) => client.taskSetPlain(key, word, ttlMs ?? ''));
    if (found !== null) throw new NotAPlainStatusError(key, found);
  }

  /** See `RedisConnection.renew`. */
  renew(): void {
    for (const inlet of this.inlets) inlet.renew();
  }

  close(): void {
    for (const inlet of this.inlets) inlet.close();
  }
}

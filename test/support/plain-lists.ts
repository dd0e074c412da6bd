import type { PlainSource } from '../../lib/broker/plain-store.js';
import type { PlainListOptions, RedisTaskQueueOptions } from '../../lib/index.js';
import { eventually } from './eventually.js';
import type { RedisFixture } from './redis-fixture.js';

/** A plain list of the running test, and the other side of it: a client that knows no more than `LPUSH` and `GET`. */
export class PlainLists {
  constructor(private readonly fixture: Pick<RedisFixture, 'url' | 'prefix' | 'redis'>) {}

  get list(): string {
    return `${this.fixture.prefix}plain_queue`;
  }

  get statusPrefix(): string {
    return `${this.fixture.prefix}plain_status:`;
  }

  /** Where claimed elements of `list` stand. */
  get claimed(): string {
    return `${this.fixture.prefix}task_plain:{q}:${this.list}`;
  }

  /** HASH of the tasks that have not ended. */
  get entries(): string {
    return `${this.fixture.prefix}task_watched:{q}:plain`;
  }

  /** Options of a module whose queue `q` takes in `list`. */
  options(plain: Partial<PlainListOptions> = {}, more: RedisTaskQueueOptions = {}): RedisTaskQueueOptions {
    const { list, statusPrefix } = this;
    const { url: redis, prefix } = this.fixture;
    return { redis, prefix, plain: [{ list, task: 'work', queue: 'q', statusPrefix, ...plain }], ...more };
  }

  /** As a worker of that queue hands `list` to its broker. */
  source(more: Partial<PlainSource> = {}): PlainSource {
    const { list, statusPrefix } = this;
    const ttlMs = 3_600_000;
    return {
      list,
      task: 'work',
      priority: 0,
      expiresInMs: undefined,
      withStatus: true,
      deadLetterTtlMs: ttlMs,
      statusPrefix,
      idField: 'id',
      endedTtlMs: ttlMs,
      failedTtlMs: ttlMs,
      ...more,
    };
  }

  async push(...elements: (string | Buffer)[]): Promise<void> {
    await this.fixture.redis.lpush(this.list, ...elements);
  }

  async word(id: string | number): Promise<string | null> {
    return this.fixture.redis.get(this.statusPrefix + id);
  }

  async says(id: string | number, word: string): Promise<void> {
    const isSaid = async (): Promise<boolean> => {
      const said = await this.word(id);
      if (said !== word) throw new Error(`it is ${said}`);
      return true;
    };
    await eventually(isSaid, { what: `That the plain status of ${id} is ${word}` });
  }
}

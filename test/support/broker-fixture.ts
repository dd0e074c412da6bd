import { afterEach } from 'vitest';
import { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import type { RedisFixture } from './redis-fixture.js';

export * from './manual-worker.js';

const open = new Set<RedisBroker>();

afterEach(async () => {
  for (const broker of open) await broker.close();
  open.clear();
});

/** A broker on the prefix of the running test, closed after it. */
export function openBroker(
  { url, prefix }: Pick<RedisFixture, 'url' | 'prefix'> & Partial<RedisFixture>,
  commandTimeoutMs = 5_000,
): RedisBroker {
  const broker = new RedisBroker({ redis: url, prefix, commandTimeoutMs });
  open.add(broker);
  return broker;
}

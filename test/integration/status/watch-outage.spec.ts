import { expect, it, onTestFinished } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { StatusListener, StatusWatch } from '../../../lib/broker/status-watch.js';
import { RedisUnavailableError } from '../../../lib/errors/index.js';
import { StatusWatcher } from '../../../lib/status/status-watcher.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('watch-outage');

/** Redis is away when a task is to be entered for the first time. */
class LateBroker extends RedisBroker {
  override watchStatuses(listener: StatusListener): StatusWatch {
    const watch = super.watchStatuses(listener);
    const enter = watch.enter.bind(watch);
    let isAway = true;
    watch.enter = async (...given) => {
      if (!isAway) return enter(...given);
      isAway = false;
      throw new RedisUnavailableError(0, new Error('away'));
    };
    return watch;
  }
}

it('an outage is waited for by the tasks of all queues, and not only by those of the first one', async () => {
  const broker = new LateBroker({ redis: fixture.url, prefix: fixture.prefix, commandTimeoutMs: 1_000 });
  const watcher = new StatusWatcher(broker);
  onTestFinished(async () => {
    watcher.close();
    await broker.close();
  });
  const told: string[] = [];
  for (const queue of ['a', 'b', 'c']) {
    watcher.observe(partitionOf(queue), 'x', {
      next: () => void told.push(queue),
      error: (error) => void told.push(String(error)),
    });
  }
  await eventually(() => told.length >= 3);
  expect([...told].sort()).toEqual(['a', 'b', 'c']);
});

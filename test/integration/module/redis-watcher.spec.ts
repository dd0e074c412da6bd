import { Logger } from '@nestjs/common';
import { afterEach, expect, it } from 'vitest';
import type { ServerFacts } from '../../../lib/broker/broker-observer.js';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { readServerFacts } from '../../../lib/broker/redis/server-facts.js';
import { OutageLog } from '../../../lib/consumer/outage-log.js';
import { ConnectionEvents } from '../../../lib/events/connection-events.js';
import { TaskEventSource } from '../../../lib/events/task-event-source.js';
import { RedisWatcher } from '../../../lib/module/redis-watcher.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { CollectedLog } from '../../support/test-app.js';

const fixture = redisFixture('watcher');
const partition = 'q';
let broker: RedisBroker | undefined;

afterEach(() => broker?.close());

/** What an old server would say, from one that is here. */
class AgedBroker extends RedisBroker {
  override async describe(): Promise<ServerFacts | null> {
    const facts = await super.describe();
    return facts && { ...facts, ...readServerFacts('redis_version:6.0.16\r\n') };
  }
}

it('a Redis that is too old is reported with the version found and the one needed', async () => {
  const log = new CollectedLog();
  Logger.overrideLogger(log);
  broker = new AgedBroker({ redis: fixture.url, prefix: fixture.prefix, commandTimeoutMs: 1_000 });
  new RedisWatcher(broker, new OutageLog(new Logger()), new ConnectionEvents(new TaskEventSource())).start();
  await broker.statuses(partition as never, ['any']);
  await eventually(() => log.of('error').length > 0);
  expect(log.of('error')).toEqual([expect.stringMatching(/6\.0\.16.*6\.2 or newer/)]);
});

import { describe, expect, it } from 'vitest';
import { allCompleted } from '../../support/all-completed.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('lease-keeper');

describe('a Redis that no thread can be told of', () => {
  // It matters where sentinels answer; here it only cannot be sent.
  const { hostname, port } = new URL(fixture.url);
  const redis = { host: hostname, port: Number(port), natMap: () => null };

  it('is worked with all the same, and the log says once what is missing', async () => {
    const work = workHandler(() => 'done');
    const { producer, status, log } = await startApp({ redis, prefix: fixture.prefix }, [work]);
    await allCompleted(status, [(await producer.add('work')).id]);
    expect(log.of('warn')).toEqual([
      'Leases are not kept while the event loop is blocked: the option "natMap" of Redis cannot be sent to a thread',
    ]);
  });

  it.each([{ maxBlocked: 0 }, { consume: false }])('is nothing to speak of with %j', async (options) => {
    const { log } = await startApp({ redis, prefix: fixture.prefix, ...options }, [workHandler(() => 'done')]);
    expect(log.of('warn')).toEqual([]);
  });
});

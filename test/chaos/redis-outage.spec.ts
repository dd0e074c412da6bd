import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { Latch } from '../support/latch.js';
import { privateRedis } from '../support/private-redis.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const LEASE_MS = 3_000;

const target = privateRedis({ aof: 'always' });
afterEach(() => expectNoDamage(target));

it('Redis is away for longer than the lease: nobody takes over what the others are still working on', async () => {
  const began: string[] = [];
  const gate = new Latch();
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await gate.opened;
  });
  const options = { redis: target.url, lease: LEASE_MS, defaults: { concurrency: 5 } };
  const start = (): Promise<TestApp> => startApp(options, [work]);
  const [{ producer, status }] = await Promise.all([start(), start(), start()]);
  const ids = (await producer.addBulk(Array.from({ length: 15 }, () => ({ name: 'work' })))).map(({ id }) => id);
  await eventually(() => began.length === ids.length);

  await target.server.kill();
  await delay(1.2 * LEASE_MS);
  await target.server.restart();
  const renewed = async (): Promise<boolean> => {
    const [now] = await target.redis.time();
    return (await target.redis.zcount('task_workers:{default}', Number(now) * 1000, '+inf')) === 3;
  };
  await eventually(renewed);
  gate.open();
  await allCompleted(status, ids);
  expect(began.toSorted()).toEqual(ids.toSorted());
});

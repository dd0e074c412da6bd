import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { holders, workerIds } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const TIMES = 15;

const target = privateRedis();
afterEach(() => expectNoDamage(target));

it.each([
  ['every connection is killed', () => target.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')],
  ['the scripts are flushed', () => target.redis.script('FLUSH')],
])('%s again and again while two workers work and tasks are added: every task runs once', async (_what, disturb) => {
  const began: string[] = [];
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await delay(2);
  });
  const options = { redis: target.url, defaults: { concurrency: 4 } };
  const [{ producer, status }] = await Promise.all([startApp(options, [work]), startApp(options, [work])]);
  const workers = await eventually(async () => {
    const ids = await workerIds(target.redis);
    return ids.length === 2 ? ids : null;
  });
  const ids: string[] = [];
  const stop = new AbortController();
  const add = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const added = await Promise.all(Array.from({ length: 3 }, () => producer.add('work')));
      ids.push(...added.map(({ id }) => id));
      expect(added.every(({ created }) => created)).toBe(true);
      await delay(1);
    }
  };
  const adding = add();

  for (let times = 0; times < TIMES; times++) {
    const { length } = began;
    await eventually(() => began.length > length + 10);
    await disturb();
  }
  stop.abort();
  await adding;

  await allCompleted(status, ids);
  expect(began.toSorted()).toEqual(ids.toSorted());
  expect(await workerIds(target.redis)).toEqual(expect.arrayContaining(workers));
  expect(await holders(target.redis)).toEqual([]);
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { holders, push, workerIds } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const COMMAND_TIMEOUT_MS = 500;
/** For a machine that is busy with other things. */
const SLACK_MS = 500;

const target = privateRedis();
afterEach(() => expectNoDamage(target));

it('add() neither hangs nor lies while the connection is silent, and works again on a new one', async () => {
  const proxy = await target.proxy();
  const { producer } = await startApp({ redis: proxy.url, commandTimeout: COMMAND_TIMEOUT_MS });
  await producer.add('work');

  proxy.silence();
  // The connection that went silent first; then none that can be opened does any better.
  for (let n = 0; n < 3; n++) {
    const begun = performance.now();
    await expect(producer.add('work')).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(COMMAND_TIMEOUT_MS + SLACK_MS);
  }

  proxy.speak();
  await eventually(() => producer.add('work', {}, { id: 'after' }), { timeoutMs: 5_000 });
});

it('a worker whose connections go silent while it works notices, and goes on with new ones', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const work = workHandler((_data, { id }) => void began.push(id));
  const { status, log } = await startApp(
    { redis: proxy.url, commandTimeout: COMMAND_TIMEOUT_MS, lease: '3s', defaults: { concurrency: 1 } },
    [work],
  );
  await eventually(() => target.sleepers());
  const workers = await workerIds(target.redis);
  await push(target.redis, { id: 't1', name: 'work' });
  await eventually(() => began.length === 1);

  const before = await eventually(() => target.sleepers());
  proxy.silence();
  await eventually(() => log.of('error').length > 0, { what: 'A complaint of the worker', timeoutMs: 3_000 });
  await push(target.redis, { id: 't2', name: 'work' });
  proxy.speak();
  await allCompleted(status, ['default:t1', 'default:t2'], { timeoutMs: 5_000 });

  // Also the connection that it sleeps on is a new one in the end, and a ring is heard at once again.
  await eventually(async () => (await target.sleepers()).some((id) => !before.includes(id)));
  await push(target.redis, { id: 't3', name: 'work' });
  await allCompleted(status, ['default:t3'], { timeoutMs: 1_000 });

  expect(began).toEqual(['default:t1', 'default:t2', 'default:t3']);
  expect(await workerIds(target.redis)).toEqual(workers);
});

it('Redis hangs again and again, and then does what was given up long ago: every task runs once', async () => {
  const began: string[] = [];
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await delay(15); // there must be work left when the outage is said to be over, a second later
  });
  const { producer, status, log } = await startApp(
    { redis: target.url, commandTimeout: 200, lease: 900, defaults: { concurrency: 4 } },
    [work],
  );
  const ids = (await producer.addBulk(Array.from({ length: 1_500 }, () => ({ name: 'work' })))).map(({ id }) => id);

  const pid = target.server.pid ?? 0;
  for (let times = 0; times < 4; times++) {
    const [{ length }, complaints] = [began, log.of('error').length];
    const isBack = (): boolean =>
      log.lines.findLast(({ text }) => /cannot be used|works again/.test(text))?.level !== 'error';
    await eventually(() => began.length > length && isBack());
    process.kill(pid, 'SIGSTOP');
    try {
      await eventually(() => log.of('error').length > complaints, { what: 'A complaint of the worker' });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  await allCompleted(status, ids, { timeoutMs: 20_000 });
  expect(began.toSorted()).toEqual(ids.toSorted());
  expect(await holders(target.redis)).toEqual([]);
}, 60_000);

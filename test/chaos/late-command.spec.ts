import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { Duration } from '../../lib/index.js';
import { redisScripts } from '../../lib/broker/redis/redis-scripts.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { Latch } from '../support/latch.js';
import { privateRedis } from '../support/private-redis.js';
import { heldBy, holders, push, waiting, workerIds } from '../support/queue-view.js';
import { runs } from '../support/resp-commands.js';
import { startApp, stopApp, type TestApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis();
afterEach(() => expectNoDamage(target));

/**
 * A worker whose first claim left the client, was given up when the connection broke, and reaches Redis when the
 * worker has been back for long and has all hands full with `t1` and `t2`: Redis now says that it also holds `t3` and `t4`.
 */
async function lateClaim(lease: Duration): Promise<{ app: TestApp; worker: string; began: string[]; gate: Latch }> {
  const proxy = await target.proxy();
  const began: string[] = [];
  const gate = new Latch();
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await gate.opened;
  });
  const app = await startApp({ redis: proxy.url, lease, defaults: { concurrency: 2 } }, [work]);
  await eventually(() => target.sleepers());
  const [worker = ''] = await workerIds(target.redis);

  const heldBack = proxy.holdBack(runs(redisScripts.taskExchange));
  await push(target.redis, ...['t1', 't2', 't3', 't4', 't5'].map((id) => ({ id, name: 'work' })));
  const claim = await heldBack;
  await eventually(() => began.length === 2);
  expect(await heldBy(target.redis, worker)).toEqual(['t1', 't2']);

  await claim.deliver();
  expect(await heldBy(target.redis, worker)).toEqual(['t1', 't2', 't3', 't4']);
  return { app, worker, began, gate };
}

it('a claim that arrives after it was given up is noticed at a beat, and what it took is run', async () => {
  const { app, worker, began, gate } = await lateClaim('600ms');
  await beats(worker, 2);
  gate.open();
  const ids = ['t1', 't2', 't3', 't4', 't5'].map((id) => `default:${id}`);
  const statuses = await allCompleted(app.status, ids);
  expect(began).toEqual(ids);
  expect(statuses.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1]);
  expect(await workerIds(target.redis)).toEqual([worker]);
  expect(await holders(target.redis)).toEqual([]);
});

it('what was claimed and not begun goes back to the head of the queue as soon as the worker shuts down', async () => {
  const { app, worker, began, gate } = await lateClaim('600ms');
  await beats(worker, 2);
  const stopping = stopApp(app);
  await eventually(async () => (await waiting(target.redis)).length === 3);
  expect(await waiting(target.redis)).toEqual([
    { id: 't3', attempt: 0 },
    { id: 't4', attempt: 0 },
    { id: 't5' }, // never claimed
  ]);
  expect(await heldBy(target.redis, worker)).toEqual(['t1', 't2']);

  gate.open();
  await stopping;
  expect(began).toEqual(['default:t1', 'default:t2']);
  expect(await holders(target.redis)).toEqual([]);
  expect(await workerIds(target.redis)).toEqual([]);
});

it('what a late claim took and nobody has noticed yet is for others as soon as the worker shuts down', async () => {
  const { app, worker, began, gate } = await lateClaim('1h');
  gate.open();
  await stopApp(app);
  expect(began).toHaveLength(2);

  const other = await startApp({ redis: target.url }, [workHandler(() => undefined)]);
  const statuses = await allCompleted(other.status, ['default:t3', 'default:t4'], { timeoutMs: 3_000 });
  expect(statuses.map(({ attempt }) => attempt)).toEqual([2, 2]);
  expect(await workerIds(target.redis)).not.toContain(worker);
});

it('an outcome that arrives after it was given up changes nothing', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const gate = new Latch<string>();
  const work = workHandler((_data, { id }) => {
    began.push(id);
    return id === 'default:t1' ? gate.opened : 'another';
  });
  const { status, log } = await startApp({ redis: proxy.url }, [work]);
  await push(target.redis, { id: 't1', name: 'work' });
  await eventually(() => began.length === 1);

  const heldBack = proxy.holdBack(runs(redisScripts.taskExchange));
  gate.open('done');
  const outcome = await heldBack;
  const [before] = await allCompleted(status, ['default:t1']);
  await outcome.deliver();
  expect(await status.get('default:t1')).toEqual(before);

  await push(target.redis, { id: 't2', name: 'work' });
  await allCompleted(status, ['default:t2']);
  expect(began).toEqual(['default:t1', 'default:t2']);
  expect(log.of('warn')).toEqual([]);
});

/** Waits until a worker that has nothing else to say has renewed its lease so many times. */
async function beats(worker: string, times: number): Promise<void> {
  const expiry = (): Promise<string | null> => target.redis.zscore('task_workers:{default}', worker);
  for (let beat = 0; beat < times; beat++) {
    const last = await expiry();
    await eventually(async () => (await expiry()) !== last);
  }
}

it('a claim that was given up arrives when its worker is idle again: the task runs', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const handler = workHandler((_, { id }) => void began.push(id));
  await startApp({ redis: proxy.url, lease: '5s', commandTimeout: '1s' }, [handler]);
  await eventually(() => target.sleepers());
  const heldBack = proxy.holdBack(runs(redisScripts.taskExchange));
  await target.redis.lpush('task_bell:{default}', '1');
  const claim = await heldBack;
  await delay(2_000); // given up, back, and asleep
  await target.redis.lpush('task_queue:{default}', JSON.stringify({ id: 'late', name: 'work' }));
  await claim.deliver();
  const [worker = ''] = await workerIds(target.redis);
  expect(await heldBy(target.redis, worker)).toEqual(['late']);
  await eventually(() => began.length > 0, { timeoutMs: 8_000, what: 'its run' });
  expect(began).toEqual(['default:late']);
});

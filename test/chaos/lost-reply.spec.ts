import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { redisScripts } from '../../lib/broker/redis/redis-scripts.js';
import { TaskQueueAdmin } from '../../lib/index.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { Latch } from '../support/latch.js';
import { privateRedis } from '../support/private-redis.js';
import { heldBy, holders, push, waiting, workerIds } from '../support/queue-view.js';
import { runs } from '../support/resp-commands.js';
import { startApp, stopApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis();
afterEach(() => expectNoDamage(target));
/** Whoever waits for a lease to run out comes too late. */
const options = { lease: '1m' } as const;
const IN_TIME = { timeoutMs: 5_000 };

it('what a claim took whose answer is lost is run by the same worker, without waiting for the lease', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const gate = new Latch<void>();
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await gate.opened;
  });
  const { status } = await startApp({ redis: proxy.url, ...options }, [work]);
  await eventually(() => target.sleepers());
  const [worker = ''] = await workerIds(target.redis);

  const lost = proxy.loseReplyTo(runs(redisScripts.taskExchange));
  await push(target.redis, ...['t1', 't2', 't3'].map((id) => ({ id, name: 'work' })));
  await lost;
  expect(await heldBy(target.redis, worker)).toEqual(['t1', 't2', 't3']);

  await eventually(() => began.length === 3, IN_TIME);
  gate.open();
  const ids = ['default:t1', 'default:t2', 'default:t3'];
  const statuses = await allCompleted(status, ids, IN_TIME);
  expect(statuses.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  expect(began).toEqual(ids);
  expect(await workerIds(target.redis)).toEqual([worker]);
  expect(await holders(target.redis)).toEqual([]);
});

it('no handler runs again when the answer to its outcome is lost', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const gate = new Latch<string>();
  const work = workHandler((_data, { id }) => {
    began.push(id);
    return gate.opened;
  });
  const { status, log } = await startApp({ redis: proxy.url, ...options }, [work]);
  await push(target.redis, { id: 't1', name: 'work' }, { id: 't2', name: 'work' });
  await eventually(() => began.length === 2);
  await eventually(() => target.sleepers()); // so that no other exchange is on its way

  const lost = proxy.loseReplyTo(runs(redisScripts.taskExchange));
  gate.open('done');
  await lost;
  expect(await holders(target.redis)).toEqual([]);

  await push(target.redis, { id: 't3', name: 'work' });
  const statuses = await allCompleted(status, ['default:t1', 'default:t2', 'default:t3'], IN_TIME);
  expect(statuses.map(({ attempt, result }) => [attempt, result])).toEqual(Array(3).fill([1, 'done']));
  expect(began).toEqual(['default:t1', 'default:t2', 'default:t3']);
  expect(log.of('warn')).toEqual([]);
});

it('a call that settles one task and claims the next loses its answer: both are run once, in order', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const work = workHandler((_data, { id }) => void began.push(id));
  const { status } = await startApp({ redis: proxy.url, ...options, defaults: { concurrency: 1 } }, [work]);
  await eventually(() => target.sleepers());

  const ids = Array.from({ length: 20 }, (_, n) => `t${n + 10}`);
  await push(target.redis, ...ids.map((id) => ({ id, name: 'work' })));
  for (let lost = 0; lost < 5; lost++) await proxy.loseReplyTo(runs(redisScripts.taskExchange));

  const expected = ids.map((id) => `default:${id}`);
  await allCompleted(status, expected);
  expect(began).toEqual(expected);
});

it('an add whose answer is lost is sent again: one task, and the caller is told that it was created', async () => {
  const proxy = await target.proxy();
  const { producer } = await startApp({ redis: proxy.url });
  for (const id of [undefined, 'own']) {
    const lost = proxy.loseReplyTo(runs(redisScripts.taskEnqueue));
    const added = await producer.add('work', {}, id === undefined ? {} : { id });
    await lost;
    expect(added.created).toBe(true);
  }
  expect(await waiting(target.redis)).toHaveLength(2);
  expect(await producer.add('work', {}, { id: 'own' })).toMatchObject({ id: 'default:own', created: false });
  expect(await waiting(target.redis)).toHaveLength(2);
});

it('a ring that is lost on its way to the worker delays a task by no more than a look at the queue', async () => {
  const proxy = await target.proxy();
  const { status } = await startApp({ redis: proxy.url, ...options }, [workHandler(() => undefined)]);
  await eventually(() => target.sleepers());
  proxy.cut(); // so that the next sleep is one that the proxy can watch from the beginning
  const lost = proxy.loseReplyTo(({ name }) => name === 'brpop');
  await eventually(() => target.sleepers());

  await push(target.redis, { id: 't1', name: 'work' });
  await lost;
  await allCompleted(status, ['default:t1'], { timeoutMs: 3_000 });
});

it('a worker whose joining is answered into the void joins once', async () => {
  const proxy = await target.proxy();
  const lost = proxy.loseReplyTo(runs(redisScripts.taskBeat));
  const { producer, status } = await startApp({ redis: proxy.url, ...options }, [workHandler(() => undefined)]);
  await lost;
  await allCompleted(status, [(await producer.add('work')).id], IN_TIME);
  expect(await workerIds(target.redis)).toHaveLength(1);
});

it('a slow network that breaks again and again during the work: every task runs once', async () => {
  const proxy = await target.proxy();
  const began: string[] = [];
  const work = workHandler(async (_data, { id }) => {
    began.push(id);
    await delay(1);
  });
  const { producer, status } = await startApp({ redis: proxy.url, ...options }, [work]);
  const rows = Array.from({ length: 300 }, () => ({ name: 'work' }));
  const ids = (await producer.addBulk(rows)).map(({ id }) => id);

  proxy.delayMs = 2;
  while (began.length < ids.length) {
    const { length } = began;
    await eventually(() => began.length > length);
    // At another moment of the round trip every time.
    await delay(length % 7);
    proxy.cut();
  }

  await allCompleted(status, ids);
  expect(began.toSorted()).toEqual(ids.toSorted());
});

it('a cancel whose answer is lost still says that it was this one, although the task has ended meanwhile', async () => {
  const proxy = await target.proxy();
  const began = new Latch();
  const work = workHandler((_data, { signal }) => {
    began.open();
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  });
  const worker = await startApp({ redis: target.url, ...options }, [work]);
  const { app } = await startApp({ redis: proxy.url, consume: false });
  const { id } = await worker.producer.add('work');
  await began.opened;
  proxy.delayMs = 50; // the worker is quicker than the second try
  const lost = proxy.loseReplyTo(runs(redisScripts.taskCancel));
  const answer = app.get(TaskQueueAdmin).cancel(id);
  await lost;
  await eventually(async () => (await worker.status.get(id))?.state === 'cancelled');
  expect(await answer).toEqual({ cancelled: true, state: 'active' });
});

it('a cancel and a retry whose answers are lost still say what they did', async () => {
  const proxy = await target.proxy();
  const work = workHandler(() => {
    throw new Error('dies');
  });
  const worker = await startApp({ redis: target.url, ...options }, [work]);
  const { id: letter } = await worker.producer.add('work');
  await eventually(async () => (await worker.status.get(letter))?.state === 'failed');
  await stopApp(worker);

  const { app, producer } = await startApp({ redis: proxy.url, consume: false });
  const admin = app.get(TaskQueueAdmin);
  const { id } = await producer.add('work');
  const cancelLost = proxy.loseReplyTo(runs(redisScripts.taskCancel));
  expect(await admin.cancel(id)).toEqual({ cancelled: true, state: 'waiting' });
  await cancelLost;
  expect(await admin.cancel(id)).toEqual({ cancelled: false, state: 'cancelled' });

  const retryLost = proxy.loseReplyTo(runs(redisScripts.taskRevive));
  expect(await admin.retry(letter)).toBe(true);
  await retryLost;
  expect(await admin.retry(letter)).toBe(false);
});

it('no line is logged twice when the answer is lost to a call that brought some, and none is missing', async () => {
  const proxy = await target.proxy();
  const gate = new Latch<void>();
  const isExchange = runs(redisScripts.taskExchange);
  const work = workHandler(async (_data, task) => {
    for (let n = 1; n <= 3; n++) task.log(`before ${n}`);
    await gate.opened;
    task.log('after');
  });
  const { status, producer } = await startApp({ redis: proxy.url, ...options }, [work]);
  await eventually(() => target.sleepers());
  const lost = proxy.loseReplyTo(
    (command) => isExchange(command) && command.args.some((arg) => arg.includes('before 1')),
  );
  const { id } = await producer.add('work', null);
  await lost;
  gate.open();
  await allCompleted(status, [id], IN_TIME);
  expect((await status.logs(id)).map(({ line }) => line)).toEqual(['before 1', 'before 2', 'before 3', 'after']);
});

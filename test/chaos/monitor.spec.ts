import { expect, it } from 'vitest';
import { redisScripts } from '../../lib/broker/redis/redis-scripts.js';
import { TaskQueueMonitor } from '../../lib/index.js';
import { eventually } from '../support/eventually.js';
import { privateRedis } from '../support/private-redis.js';
import { runs } from '../support/resp-commands.js';
import { startApp, stopApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';
import { workerProcesses } from '../support/worker-processes.js';

const target = privateRedis({ aof: 'always' });
const workers = workerProcesses('chaos-monitor', target);
/** A worker that is busy tells of itself so often. */
const REPORTED = { timeoutMs: 20_000, everyMs: 50 };

async function observer(): Promise<TaskQueueMonitor> {
  return (await startApp({ redis: target.url, consume: false })).app.get(TaskQueueMonitor);
}

async function completed(monitor: TaskQueueMonitor): Promise<number> {
  const points = await monitor.history(
    'default',
    new Date(Date.now() - 600_000),
    new Date(Date.now() + 60_000),
    'minute',
  );
  return points.reduce((sum, point) => sum + point.completed, 0);
}

it('a worker tells what it is busy with, and since when; killed it is not among those that live, nor in Redis once others took over', async () => {
  const options = { lease: 2_000, maxBlocked: 0 };
  const victim = await workers.start('victim', options);
  const survivor = await workers.start('survivor', options);
  const monitor = await observer();
  const { producer } = await startApp({ redis: target.url, consume: false });
  const begun = Date.now();
  const ids = await producer.addBulk([1, 2, 3].map((n) => ({ name: 'hold', data: { gate: `gate-${n}` } })));
  await eventually(async () => (await workers.journal.read('began')).length === 3);
  const busy = await eventually(async () => {
    const infos = (await monitor.workers('default')).flatMap((info) => info.busy);
    return infos.length === 3 && infos;
  }, REPORTED);
  expect(new Set(busy.map(({ id }) => id))).toEqual(new Set(ids.map(({ id }) => id)));
  expect(busy.every(({ name }) => name === 'hold')).toBe(true);
  for (const { since } of busy) {
    expect(since.getTime()).toBeGreaterThan(begun - 1_000);
    expect(since.getTime()).toBeLessThan(Date.now());
  }
  const pids = (await monitor.workers()).map(({ pid }) => pid);
  expect(new Set(pids)).toEqual(new Set([victim.process.pid, survivor.process.pid]));

  victim.process.kill('SIGKILL');
  await eventually(async () => (await monitor.workers()).every(({ pid }) => pid === survivor.process.pid), REPORTED);
  await eventually(
    async () => (await target.redis.hkeys('task_workers:{default}:info')).join() === survivor.id,
    REPORTED,
  );
  for (const n of [1, 2, 3]) await workers.journal.open(`gate-${n}`);
}, 60_000);

it('what was reported is there after Redis was restarted, and what was done meanwhile is told later', async () => {
  const monitor = await observer();
  const work = await startApp({ redis: target.url }, [workHandler(() => 1)]);
  for (const n of [1, 2, 3]) {
    await work.producer.addBulk(Array.from({ length: 20 }, () => ({ name: 'work', data: n })));
    await eventually(async () => (await target.redis.llen('task_recent:{default}')) === 20 * n);
    await target.server.kill();
    await target.server.restart();
    await eventually(async () => (await monitor.counts('default')).waiting === 0);
  }
  // Who stops while Redis is away does not wait for long.
  await work.status.get('default:nobody');
  await stopApp(work);
  expect(await completed(monitor)).toBe(60);
});

it('a report whose answer is lost counts once', async () => {
  const proxy = await target.proxy();
  const work = await startApp({ redis: proxy.url }, [workHandler(() => 1)]);
  const monitor = await observer();
  await eventually(async () => (await monitor.workers()).length === 1);
  await work.producer.addBulk([1, 2, 3].map((data) => ({ name: 'work', data })));
  await eventually(async () => (await target.redis.llen('task_recent:{default}')) === 3);
  const lost = proxy.loseReplyTo(runs(redisScripts.taskReport));
  const stopping = stopApp(work);
  await lost;
  await stopping;
  expect(await completed(monitor)).toBe(3);
});

it('an idle worker hardly says a word', async () => {
  const { app } = await startApp({ redis: target.url }, [workHandler(() => 1)]);
  const monitor = app.get(TaskQueueMonitor);
  await eventually(async () => (await monitor.workers()).length === 1);
  await target.redis.config('RESETSTAT');
  // It has slept and looked for itself more than once.
  const looks = async (): Promise<number> =>
    Number(/cmdstat_brpop:calls=(\d+)/.exec(await target.redis.info('commandstats'))?.[1] ?? 0);
  await eventually(async () => (await looks()) >= 3, { timeoutMs: 25_000, everyMs: 100 });
  const stats = await target.redis.info('commandstats');
  expect(/cmdstat_(hincrby|sadd|hset):/.exec(stats)).toBeNull();
}, 30_000);

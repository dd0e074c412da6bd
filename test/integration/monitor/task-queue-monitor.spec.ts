import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  FailTask,
  RedisTaskQueueModule,
  getTaskQueueMonitorToken,
  type HistoryPoint,
  SnoozeTask,
  TaskConsumers,
  TaskQueueAdmin,
  TaskQueueError,
  TaskQueueMonitor,
  type RedisTaskQueueOptions,
} from '../../../lib/index.js';
import { VERSION } from '../../../lib/version.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { readPrometheusText } from '../../support/prometheus-text.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('monitor');
const key = (name: string): string => `${fixture.prefix}${name}`;

type Started = TestApp & { monitor: TaskQueueMonitor };

async function start(
  options: RedisTaskQueueOptions = {},
  providers: Parameters<typeof startApp>[1] = [],
): Promise<Started> {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers);
  return { ...app, monitor: app.app.get(TaskQueueMonitor) };
}

/** Of the last minutes, all together. */
async function sum(monitor: TaskQueueMonitor, queue = 'default'): Promise<Omit<HistoryPoint, 'at'>> {
  const points = await monitor.history(queue, new Date(Date.now() - 300_000), new Date(Date.now() + 60_000), 'minute');
  const all = points.filter(
    ({ completed, failed, retried, cancelled }) => completed + failed + retried + cancelled > 0,
  );
  const count = (of: (point: HistoryPoint) => number): number => all.reduce((total, point) => total + of(point), 0);
  return {
    completed: count(({ completed }) => completed),
    failed: count(({ failed }) => failed),
    retried: count(({ retried }) => retried),
    cancelled: count(({ cancelled }) => cancelled),
    waitTime: all.at(-1)!.waitTime,
    runTime: all.at(-1)!.runTime,
  };
}

describe('the history', () => {
  const DATA = ['fine', 'fine', 'broken', 'retried', 'late'];
  const handle = async (data: string, { attempt }: { attempt: number }): Promise<void> => {
    await delay(data === 'late' ? 30 : 1);
    if (data === 'broken') throw new FailTask('broken');
    if (data === 'retried' && attempt === 1) throw new Error('once more');
  };
  const rows = DATA.map((data) => ({ name: 'work', data, queue: 'default', attempts: 3, backoff: 1 }));

  it.each(['full', 'final', 'off'] as const)(
    'has what was done before the workers left, with status %s',
    async (status) => {
      const worker = await start({ defaults: { status } }, [workHandler(handle)]);
      await worker.producer.addBulk(rows);
      await eventually(async () => {
        const { waiting, scheduled, active, retrying, failed } = await worker.monitor.counts('default');
        return waiting + scheduled + active + retrying === 0 && failed === 1;
      });
      await stopApp(worker);
      const { monitor } = await start({ consume: false });
      const all = await sum(monitor);
      expect(all).toMatchObject({ completed: 4, failed: 1, retried: 1, cancelled: 0 });
      expect(all.runTime.count).toBe(6);
      expect(all.runTime.sum).toBeGreaterThan(30);
      expect(all.runTime.quantile(1)).toBeGreaterThan(20);
      expect(all.waitTime.count).toBe(5);
      expect(await fixture.keys()).not.toContain('task_workers:{default}:info');
    },
  );

  it('adds up what several workers did', async () => {
    const workers = await Promise.all([1, 2, 3].map(async () => start({}, [workHandler(handle)])));
    await workers[0]!.producer.addBulk(Array.from({ length: 60 }, () => ({ name: 'work', data: 'fine' })));
    const { monitor } = await start({ consume: false });
    await eventually(async () => (await fixture.redis.llen(key('task_recent:{default}'))) === 60);
    await Promise.all(workers.map(stopApp));
    expect(await sum(monitor)).toMatchObject({ completed: 60 });
  });

  it('tells how long those waited that waited for a worker, and of no others', async () => {
    const { producer, monitor: before } = await start({ consume: false });
    await producer.add('work', 'waits', { queue: 'default' });
    await producer.add('work', 'waits', { queue: 'default', unique: { key: 'u', until: 'finished' } });
    await producer.add('work', 'delayed', { queue: 'default', delay: 1 });
    await producer.add('work', 'own', { queue: 'default', id: 'own' });
    await producer.add('work', 'snoozed', { queue: 'default' });
    await delay(120);
    let snoozes = 0;
    const handler = workHandler((data: string) => {
      if (data === 'snoozed' && snoozes++ === 0) throw new SnoozeTask(1);
    });
    const worker = await start({}, [handler]);
    await eventually(async () => snoozes === 2 && (await before.counts('default')).active === 0);
    await stopApp(worker);
    const { waitTime, completed } = await sum(before);
    expect(completed).toBe(5);
    // Once each: not again when it comes back.
    expect(waitTime.count).toBe(3);
    expect(waitTime.quantile(0)).toBeGreaterThanOrEqual(100);
  });

  it('counts what was called off, whether a worker had begun it or it expired', async () => {
    const gate = new Latch<void>();
    const began: string[] = [];
    const worker = await start({ defaults: { concurrency: 1 } }, [
      workHandler(async (data: string, { signal }) => {
        began.push(data);
        await Promise.race([gate.opened, new Promise((_, reject) => signal.addEventListener('abort', reject))]);
      }),
    ]);
    const { id } = await worker.producer.add('work', 'active');
    await eventually(() => began.length === 1);
    await worker.producer.add('work', 'expires', { expiresIn: 1 });
    await delay(5);
    await worker.app.get(TaskQueueAdmin).cancel(id);
    await eventually(async () => {
      const { waiting, active } = await worker.monitor.counts('default');
      return waiting + active === 0;
    });
    const { monitor } = await start({ consume: false });
    await stopApp(worker);
    expect(await sum(monitor)).toMatchObject({ completed: 0, cancelled: 2 });
    expect(began).toEqual(['active']);
  });

  it('has a point for each step, from the one in which it begins', async () => {
    const { monitor } = await start({ consume: false });
    const from = new Date('2026-05-04T10:20:30.400Z');
    const points = await monitor.history('q', from, new Date('2026-05-04T10:23:00Z'), 'minute');
    expect(points.map(({ at }) => at.toISOString().slice(11, 19))).toEqual(['10:20:00', '10:21:00', '10:22:00']);
    expect(points[0]).toMatchObject({ completed: 0, failed: 0, retried: 0, cancelled: 0 });
    expect(points[0]?.waitTime.quantile(0.5)).toBeNull();
    const hours = await monitor.history('q', from, new Date('2026-05-05T10:00:00Z'), 'hour');
    expect(hours).toHaveLength(24);
    expect(hours[0]?.at).toEqual(new Date('2026-05-04T10:00:00Z'));
  });

  it('of one hour is that of its minutes', async () => {
    const worker = await start({}, [workHandler(handle)]);
    await worker.producer.add('work', 'fine');
    await eventually(async () => (await fixture.redis.llen(key('task_recent:{default}'))) === 1);
    await stopApp(worker);
    const { monitor } = await start({ consume: false });
    const points = await monitor.history('default', new Date(Date.now() - 3_600_000), new Date(), 'hour');
    expect(points.reduce((all, { completed }) => all + completed, 0)).toBe(1);
    expect(points.length).toBeLessThanOrEqual(2);
  });

  const now = new Date();
  it.each<[string, unknown[]]>([
    ['no Date', ['2026-01-01', now, 'minute']],
    ['no valid Date', [new Date(NaN), now, 'minute']],
    ['nothing', []],
    ['an end before the beginning', [now, new Date(0), 'hour']],
    ['no time at all', [now, now, 'minute']],
    ['another step', [new Date(0), now, 'day']],
    ['too many steps', [new Date(now.getTime() - 1_501 * 60_000), now, 'minute']],
  ])('refuses %s', async (_what, args) => {
    const { monitor } = await start({ consume: false });
    const ask = monitor.history('q', ...(args as [Date, Date, 'minute']));
    await expect(ask).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('workers', () => {
  it('tell of themselves as soon as they work, and are forgotten when they leave', async () => {
    const begun = Date.now() - 1_000;
    const worker = await start({ queues: { default: { concurrency: 3 }, other: { concurrency: 4 } } }, [
      workHandler(() => 1),
      workHandler(() => 1, { queue: 'other' }),
    ]);
    const { monitor } = await start({ consume: false });
    const [info] = await eventually(async () => {
      const infos = await monitor.workers();
      return infos[0]?.queues.length === 2 && infos;
    });
    expect(info).toMatchObject({
      id: (await fixture.redis.zrange(key('task_workers:{default}'), '0', '-1'))[0],
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      concurrency: { default: 3, other: 4 },
      busy: [],
      busyCount: 0,
    });
    expect(info?.queues.toSorted()).toEqual(['default', 'other']);
    expect(info?.lastBeat.getTime()).toBeGreaterThan(begun);
    expect(info?.lastBeat.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(info?.memory.rss).toBeGreaterThan(info?.memory.heapUsed ?? Infinity);
    expect(info?.eventLoopDelayMs.max).toBeGreaterThanOrEqual(info?.eventLoopDelayMs.p99 ?? Infinity);
    expect(await monitor.workers('other')).toMatchObject([{ queues: ['other'], concurrency: { other: 4 } }]);
    expect(await monitor.workers('nobody')).toEqual([]);
    await stopApp(worker);
    expect(await monitor.workers()).toEqual([]);
    expect((await fixture.keys()).filter((name) => name.includes(':info'))).toEqual([]);
  });

  it('that rest tell when Redis heard of them last', async () => {
    const { monitor } = await start({ lease: 1_000, maxBlocked: 0 }, [workHandler(() => 1)]);
    await eventually(async () => {
      const [expiry = '0'] = (await fixture.redis.zrange(key('task_workers:{default}'), '0', '-1', 'WITHSCORES')).slice(
        1,
      );
      return Number(expiry) > Date.now() + 3_000;
    });
    const [info] = await monitor.workers();
    expect(Math.abs((info?.lastBeat.getTime() ?? 0) - Date.now())).toBeLessThan(5_000);
    expect(info?.lastBeat.getTime()).toBeLessThanOrEqual(Date.now() + 50);
  });

  it('that stop working on one queue go on in the other', async () => {
    const worker = await start({}, [workHandler(() => 1), workHandler(() => 1, { queue: 'other' })]);
    await eventually(async () => (await worker.monitor.workers())[0]?.queues.length === 2);
    await worker.app.get(TaskConsumers).stop('other');
    expect(await worker.monitor.workers()).toMatchObject([{ queues: ['default'] }]);
  });
});

describe('queues', () => {
  it('are those that were worked on, and those of the application', async () => {
    const worker = await start({}, [workHandler(() => 1, { queue: 'worked' })]);
    await eventually(async () => (await worker.monitor.workers()).length === 1);
    await stopApp(worker);
    const { monitor } = await start({ consume: false, queues: { optional: {} } }, [
      workHandler(() => 1, { queue: 'handled' }),
    ]);
    expect(await monitor.queues()).toEqual(['handled', 'optional', 'worked']);
    // Whatever else somebody has put there.
    await fixture.redis.sadd(key('task_queues'), 'no queue');
    expect(await monitor.queues()).toEqual(['handled', 'optional', 'worked']);
    expect(readPrometheusText(await monitor.prometheus()).get('task_queue_workers')?.samples).toHaveLength(3);
  });
});

describe('latency', () => {
  it('tells how long tasks wait for a worker, and how late what is due is', async () => {
    const { monitor, producer } = await start({ consume: false });
    expect(await monitor.latency('default')).toEqual({ oldestWaitingMs: null, scheduledLagMs: null });
    await producer.add('work', 1, { queue: 'default' });
    await producer.add('work', 1, { queue: 'default', delay: '1h' });
    await delay(20);
    expect(await monitor.latency('default')).toMatchObject({ scheduledLagMs: 0 });
    await producer.add('work', 1, { queue: 'default', delay: 5 });
    await delay(30);
    const { oldestWaitingMs, scheduledLagMs } = await monitor.latency('default');
    expect(oldestWaitingMs).toBeGreaterThanOrEqual(40);
    expect(scheduledLagMs).toBeGreaterThanOrEqual(20);
  });
});

describe('the text for Prometheus', () => {
  it('is valid, and tells of all queues and of what this process has done', async () => {
    const hostile = 'a"b\\c';
    const { monitor, producer } = await start({ queues: { 'q.1-x_': {} }, tasks: {} }, [workHandler(() => 1)]);
    await producer.addBulk([1, 2].map((data) => ({ name: 'work', data, queue: 'default' })));
    await producer.add(hostile, 1, { queue: 'default' });
    await eventually(async () => (await fixture.redis.llen(key('task_recent:{default}'))) === 2);
    const families = await eventually(async () => {
      const found = readPrometheusText(await monitor.prometheus());
      return found.get('task_queue_runs_total')?.samples.some(({ value }) => value === 2) && found;
    });
    const queues = families.get('task_queue_workers')?.samples.map(({ labels, value }) => [labels['queue'], value]);
    expect(queues).toEqual([
      ['default', 1],
      ['q.1-x_', 0],
    ]);
    expect([...families.keys()].sort()).toEqual([
      'task_queue_oldest_waiting_seconds',
      'task_queue_paused',
      'task_queue_run_seconds',
      'task_queue_runs_total',
      'task_queue_scheduled_lag_seconds',
      'task_queue_tasks',
      'task_queue_wait_seconds',
      'task_queue_workers',
    ]);
  });
});

describe('the monitor', () => {
  it.each(['counts', 'latency', 'workers', 'history'] as const)('refuses what is no queue: %s', async (method) => {
    const { monitor } = await start({ consume: false });
    const ask = monitor[method] as (queue: string) => Promise<unknown>;
    const error = await ask.call(monitor, 'no queue').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TaskQueueError);
    expect(error).toMatchObject({ code: 'INVALID_QUEUE' });
  });

  it('of a named instance looks where that works', async () => {
    const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false }, [], {
      imports: [
        RedisTaskQueueModule.forRoot({ name: 'reports', redis: fixture.url, prefix: key('reports:'), consume: false }),
      ],
    });
    const named = app.get<TaskQueueMonitor>(getTaskQueueMonitorToken('reports'));
    await fixture.redis.lpush(key('reports:task_queue:{q}'), '{"name":"x"}');
    expect(await named.counts('q')).toMatchObject({ waiting: 1 });
    expect(await app.get(TaskQueueMonitor).counts('q')).toMatchObject({ waiting: 0 });
  });
});

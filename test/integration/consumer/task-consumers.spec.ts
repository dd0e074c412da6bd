import { Injectable } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ConsumerInfo,
  type RedisTaskQueueOptions,
  TaskConsumers,
  type TaskContext,
  TaskHandler,
  TaskQueueAdmin,
  TaskScheduler,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('task-consumers');
const key = (name: string): string => `${fixture.prefix}${name}`;

let ran: unknown[] = [];
let begun: unknown[] = [];
let active = 0;
let doors: (() => void)[] = [];
let signals: AbortSignal[] = [];

beforeEach(() => {
  ran = [];
  begun = [];
  active = 0;
  doors = [];
  signals = [];
});

@Injectable()
class Tasks {
  @TaskHandler('quick')
  @TaskHandler('quick', { queue: 'second' })
  quick(data: unknown): void {
    ran.push(data);
  }

  @TaskHandler('gated')
  async gated(data: unknown, { signal }: TaskContext): Promise<void> {
    begun.push(data);
    signals.push(signal);
    active++;
    await new Promise<void>((resolve, reject) => {
      doors.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    }).finally(() => active--);
    ran.push(data);
  }
}

interface ConsumersApp extends TestApp {
  consumers: TaskConsumers;
}

const start = async (options: RedisTaskQueueOptions = {}): Promise<ConsumersApp> => {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);
  return { ...app, consumers: app.app.get(TaskConsumers) };
};
const openDoors = (): void => doors.splice(0).forEach((open) => open());
const workers = (queue = 'default'): Promise<string[]> =>
  fixture.redis.zrange(key(`task_workers:{${queue}}`), '0', '-1');
const waiting = (): Promise<number> => fixture.redis.llen(key('task_queue:{default}'));
const info = ({ consumers }: ConsumersApp, queue = 'default'): ConsumerInfo | undefined =>
  consumers.list().find((each) => each.queue === queue);
const gated = (...data: unknown[]): { name: string; data: unknown; queue: string }[] =>
  data.map((each) => ({ name: 'gated', data: each, queue: 'default' }));

describe('autoStart', () => {
  it('false: nothing runs before start, and Redis knows of no worker', async () => {
    const app = await start({ autoStart: false });
    await app.producer.add('quick', 1, { queue: 'default' });
    expect(app.consumers.list()).toEqual([
      { queue: 'default', state: 'stopped', concurrency: 10, active: 0 },
      { queue: 'second', state: 'stopped', concurrency: 10, active: 0 },
    ]);
    expect(await workers()).toEqual([]);
    await app.consumers.start('default');
    await eventually(() => ran.length === 1);
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['running', 'stopped']);
    await app.consumers.start();
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['running', 'running']);
    await app.producer.add('quick', 2, { queue: 'second' });
    await eventually(() => ran.length === 2);
  });

  it('of a queue: the others start', async () => {
    const app = await start({ queues: { second: { autoStart: false } } });
    await app.producer.add('quick', 'late', { queue: 'second' });
    await app.producer.add('quick', 'early', { queue: 'default' });
    await eventually(() => ran.length === 1);
    await app.consumers.start('second');
    await eventually(() => ran.length === 2);
    expect(ran).toEqual(['early', 'late']);
  });

  it('false: the application shuts down without ado', async () => {
    const app = await start({ autoStart: false });
    await stopApp(app);
    expect(app.log.of('error')).toEqual([]);
  });
});

describe('stop', () => {
  it('waits for what runs and gives back the rest; then it may be started again, under a new id', async () => {
    const app = await start({ defaults: { concurrency: 1 } });
    await app.producer.addBulk(gated('a', 'b'));
    await eventually(() => doors.length === 1);
    const [first] = await workers();
    let isOver = false;
    const stopping = app.consumers.stop('default').then(() => (isOver = true));
    expect(info(app)).toEqual({ queue: 'default', state: 'stopping', concurrency: 1, active: 1 });
    expect(app.consumers.pause('default')).toBe(false);
    expect(app.consumers.resume('default')).toBe(false);
    await eventually(async () => (await waiting()) === 1);
    expect(isOver).toBe(false);
    openDoors();
    await stopping;
    expect(info(app)).toMatchObject({ state: 'stopped', active: 0 });
    expect(await workers()).toEqual([]);
    expect(begun).toEqual(['a']);
    // The other queue is none of its concern.
    await app.producer.add('quick', 'elsewhere', { queue: 'second' });
    await eventually(() => ran.includes('elsewhere'));

    await app.consumers.start('default');
    await eventually(() => doors.length === 1);
    expect(begun).toEqual(['a', 'b']);
    const [second] = await workers();
    expect(second).not.toBe(first);
    openDoors();
    await eventually(() => ran.includes('b'));
  });

  it('aborts what does not end in time, and gives it back', async () => {
    const app = await start({ shutdownTimeout: 0 });
    const [added] = await app.producer.addBulk(gated('a'));
    await eventually(() => doors.length === 1);
    await app.consumers.stop();
    expect(signals[0]?.aborted).toBe(true);
    expect(await app.status.get(added?.id ?? '')).toMatchObject({ state: 'waiting' });
    await app.consumers.start();
    await eventually(() => doors.length === 2);
    openDoors();
    await reaches(app.status, added?.id ?? '', 'completed');
  });

  it('twice is one stop, and both wait for it', async () => {
    const app = await start();
    await app.producer.addBulk(gated('a'));
    await eventually(() => doors.length === 1);
    const over: number[] = [];
    const stops = [1, 2].map(async (each) => app.consumers.stop('default').then(() => over.push(each)));
    await eventually(async () => info(app)?.state === 'stopping');
    expect(over).toEqual([]);
    openDoors();
    await Promise.all(stops);
    expect(over).toEqual([1, 2]);
    await app.consumers.stop('default');
    expect(info(app)?.state).toBe('stopped');
    expect(ran).toEqual(['a']);
  });

  it('start meanwhile waits for its end, and a later stop wins', async () => {
    const app = await start();
    await app.producer.addBulk(gated('a'));
    await eventually(() => doors.length === 1);
    const [first] = await workers();
    const calls = [app.consumers.stop('default'), app.consumers.start('default')];
    expect(info(app)?.state).toBe('stopping');
    openDoors();
    await Promise.all(calls);
    expect(info(app)?.state).toBe('running');
    await eventually(async () => (await workers()).length === 1);
    expect(await workers()).not.toContain(first);

    await app.producer.addBulk(gated('b'));
    await eventually(() => doors.length === 1);
    const others = [app.consumers.stop('default'), app.consumers.start('default'), app.consumers.stop('default')];
    openDoors();
    await Promise.all(others);
    expect(info(app)?.state).toBe('stopped');
    expect(await workers()).toEqual([]);
  });

  it('ends the ticks that this process makes, until it starts again', async () => {
    const app = await start();
    const scheduler = app.app.get(TaskScheduler);
    const lastTick = async (): Promise<number> => (await scheduler.get('often'))?.lastTick?.getTime() ?? 0;
    await scheduler.upsert('often', { task: 'quick', every: '100ms', queue: 'default', overlap: 'skip' });
    await eventually(() => ran.length > 0);
    await app.consumers.stop('default');
    const last = await lastTick();
    await eventually(() => Date.now() > last + 500);
    expect(await lastTick()).toBe(last);
    await app.consumers.start('default');
    await eventually(async () => (await lastTick()) > last);
    await scheduler.remove('often');
  });
});

describe('pause', () => {
  it('begins nothing more, while what runs goes on; resume goes on with the rest in order', async () => {
    const app = await start({ defaults: { concurrency: 1 } });
    await app.producer.addBulk(gated('a', 'b', 'c'));
    await eventually(() => doors.length === 1);
    expect(app.consumers.pause('default')).toBe(true);
    expect(app.consumers.pause('default')).toBe(true);
    expect(info(app)).toEqual({ queue: 'default', state: 'paused', concurrency: 1, active: 1 });
    openDoors();
    await eventually(() => ran.length === 1);
    await app.producer.addBulk(gated('d'));
    await app.producer.add('quick', 'second', { queue: 'second' });
    await eventually(() => ran.includes('second'));
    expect(await waiting()).toBe(3);
    expect(info(app)?.active).toBe(0);

    expect(app.consumers.resume('default')).toBe(true);
    expect(app.consumers.resume('default')).toBe(true);
    expect(info(app)?.state).toBe('running');
    while (ran.length < 5) {
      openDoors();
      await eventually(() => doors.length > 0 || ran.length === 5);
    }
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives back what was fetched ahead, in its order', async () => {
    const app = await start({ queues: { default: { concurrency: 1 } } });
    // Quick ones first, so that it fetches ahead; all are added at once.
    const quick = Array.from({ length: 300 }, (_, i) => ({ name: 'quick', data: i, queue: 'default' }));
    await app.producer.addBulk([
      ...quick,
      ...gated('gate'),
      ...quick.map((row) => ({ ...row, data: 1_000 + row.data })),
    ]);
    await eventually(() => doors.length === 1);
    app.consumers.pause('default');
    // As many may wait before, while they are being added.
    const held = key(`task_active:{default}:${(await workers())[0]}`);
    await eventually(async () => (await fixture.redis.hlen(held)) === 1 && (await waiting()) === 300);
    openDoors();
    app.consumers.resume('default');
    await eventually(() => ran.length === 601);
    expect(ran.slice(301)).toEqual(quick.map(({ data }) => 1_000 + data));
  });

  it('of all queues at once', async () => {
    const app = await start({ queues: { second: { autoStart: false } } });
    expect(app.consumers.pause()).toBe(true);
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['paused', 'stopped']);
    expect(app.consumers.pause('second')).toBe(false);
    // What is paused stays so.
    await app.consumers.start();
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['paused', 'running']);
    expect(app.consumers.resume()).toBe(true);
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['running', 'running']);
  });

  it('leaves the lease as it is, and a task that runs can be cancelled', async () => {
    const app = await start({ lease: '600ms' });
    const [added] = await app.producer.addBulk(gated('a'));
    await eventually(() => doors.length === 1);
    const [worker] = await workers();
    app.consumers.pause();
    const until = Number(await fixture.redis.zscore(key('task_workers:{default}'), worker ?? ''));
    await eventually(
      async () => Number(await fixture.redis.zscore(key('task_workers:{default}'), worker ?? '')) > until,
    );
    await app.app.get(TaskQueueAdmin).cancel(added?.id ?? '');
    await eventually(() => signals[0]?.aborted);
    await reaches(app.status, added?.id ?? '', 'cancelled');
  });

  it.each([0, 1])('shutdown of a paused application with %i running ones', async (count) => {
    const app = await start();
    if (count > 0) {
      await app.producer.addBulk(gated('a'));
      await eventually(() => doors.length === 1);
    }
    app.consumers.pause();
    const stopping = stopApp(app);
    await eventually(() => count === 0 || info(app)?.state === 'stopping');
    openDoors();
    await stopping;
    expect(ran).toHaveLength(count);
    expect(await workers()).toEqual([]);
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  });
});

describe('setConcurrency', () => {
  it('up: more begin at once', async () => {
    const app = await start({ defaults: { concurrency: 1 } });
    await app.producer.addBulk(gated(1, 2, 3, 4));
    await eventually(() => active === 1);
    app.consumers.setConcurrency('default', 3);
    await eventually(() => active === 3, { timeoutMs: 2_000 });
    expect(info(app)).toMatchObject({ concurrency: 3, active: 3 });
    expect(begun).toEqual([1, 2, 3]);
    openDoors();
    await eventually(() => active === 1);
    openDoors();
    await eventually(() => ran.length === 4);
  });

  it('down: what runs goes on, and nothing begins beyond it', async () => {
    const app = await start({ defaults: { concurrency: 3 } });
    await app.producer.addBulk(gated(1, 2, 3, 4, 5));
    await eventually(() => active === 3);
    app.consumers.setConcurrency('default', 1);
    expect(info(app)).toMatchObject({ concurrency: 1, active: 3 });
    doors.shift()?.();
    doors.shift()?.();
    await eventually(async () => (await fixture.redis.llen(key('task_recent:{default}'))) === 2);
    expect(begun).toEqual([1, 2, 3]);
    openDoors();
    await eventually(() => active === 1 && begun.length === 4);
    openDoors();
    await eventually(() => active === 1 && begun.length === 5);
    openDoors();
    await eventually(() => ran.length === 5);
  });

  it('of a stopped one is that of its next start', async () => {
    const app = await start({ autoStart: false });
    app.consumers.setConcurrency('default', 2);
    await app.producer.addBulk(gated(1, 2, 3));
    await app.consumers.start('default');
    await eventually(() => active === 2);
    app.consumers.setConcurrency('default', 1);
    const stopping = app.consumers.stop('default');
    openDoors();
    await stopping;
    await app.consumers.start('default');
    await eventually(() => active === 1);
    expect(info(app)).toMatchObject({ concurrency: 1, active: 1 });
    openDoors();
    await eventually(() => ran.length === 3);
  });
});

describe('what is wrong', () => {
  it('a queue that this process does not work on', async () => {
    const { consumers } = await start({ consume: ['default'] });
    const unknown = expect.objectContaining({
      code: 'UNKNOWN_QUEUE',
      message: expect.stringMatching(/It works on default\.$/) as string,
    }) as Error;
    for (const queue of ['second', 'nowhere']) {
      await expect(consumers.start(queue)).rejects.toThrow(unknown);
      await expect(consumers.stop(queue)).rejects.toThrow(unknown);
      expect(() => consumers.pause(queue)).toThrow(unknown);
      expect(() => consumers.resume(queue)).toThrow(unknown);
      expect(() => consumers.setConcurrency(queue, 1)).toThrow(unknown);
    }
    for (const queue of ['a:b', '', null, 5]) {
      expect(() => consumers.pause(queue as string)).toThrow(expect.objectContaining({ code: 'INVALID_QUEUE' }));
    }
    expect(consumers.list().map(({ queue }) => queue)).toEqual(['default']);
  });

  it('a process that works on nothing', async () => {
    const { consumers } = await start({ consume: false });
    expect(consumers.list()).toEqual([]);
    expect(consumers.pause()).toBe(false);
    await consumers.start();
    await consumers.stop();
    await expect(consumers.start('default')).rejects.toThrow(expect.objectContaining({ code: 'UNKNOWN_QUEUE' }));
  });

  it.each([0, -1, 1.5, 10_001, NaN, Infinity, '3', null, undefined])('a concurrency of %s', async (concurrency) => {
    const app = await start();
    expect(() => app.consumers.setConcurrency('default', concurrency as number)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('a whole number from 1 to 10000') as string,
      }),
    );
    expect(info(app)?.concurrency).toBe(10);
  });

  it('a start at shutdown and after it; all else does nothing', async () => {
    const app = await start({ queues: { second: { autoStart: false } } });
    await app.producer.addBulk(gated('a'));
    await eventually(() => doors.length === 1);
    const stopping = stopApp(app);
    await eventually(() => info(app)?.state === 'stopping');
    const closed = expect.objectContaining({ code: 'CONSUMERS_CLOSED' }) as Error;
    await expect(app.consumers.start('second')).rejects.toThrow(closed);
    const alsoStopping = app.consumers.stop();
    openDoors();
    await Promise.all([stopping, alsoStopping]);
    await expect(app.consumers.start()).rejects.toThrow(closed);
    await app.consumers.stop();
    expect(app.consumers.pause()).toBe(false);
    expect(app.consumers.resume()).toBe(false);
    app.consumers.setConcurrency('default', 5);
    expect(app.consumers.list().map(({ state }) => state)).toEqual(['stopped', 'stopped']);
  });
});

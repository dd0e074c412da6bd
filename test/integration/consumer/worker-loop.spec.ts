import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import { TaskWorker } from '../../../lib/consumer/task-worker.js';
import { TaskContext, TaskHandler, TaskProducer } from '../../../lib/index.js';
import { RedisServer } from '../../../lib/testing/redis-server.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('worker-loop');
const key = (name: string): string => `${fixture.prefix}${name}`;

/** What handlers did, and the doors that they wait at. */
let ran: unknown[] = [];
let active = 0;
let most = 0;
let doors: (() => void)[] = [];
let signals: AbortSignal[] = [];

beforeEach(() => {
  ran = [];
  active = most = 0;
  doors = [];
  signals = [];
});

@Injectable()
class Tasks {
  constructor(private readonly producer: TaskProducer) {}

  @TaskHandler('quick')
  quick(data: unknown): unknown {
    ran.push(data);
    return data;
  }

  @TaskHandler('other', { queue: 'second' })
  other(data: unknown): void {
    ran.push(data);
  }

  @TaskHandler('gated')
  async gated(data: unknown, task: TaskContext): Promise<void> {
    signals.push(task.signal);
    most = Math.max(most, ++active);
    await new Promise<void>((resolve) => doors.push(resolve));
    active--;
    ran.push(data);
  }

  @TaskHandler('obedient')
  async obedient(_data: unknown, { signal }: TaskContext): Promise<void> {
    signals.push(signal);
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }

  @TaskHandler('adds another')
  async addsAnother(): Promise<void> {
    await new Promise<void>((resolve) => doors.push(resolve));
    await this.producer.add('quick', 'added while draining');
  }

  @TaskHandler('throws')
  throws(data: string): void {
    const things: Record<string, unknown> = { null: null, text: 'text', error: new Error('e'), undefined };
    throw things[data];
  }

  @TaskHandler('never a promise')
  thenable(): unknown {
    return {
      // oxlint-disable-next-line unicorn/no-thenable -- query builders look like this
      then(resolve: (value: string) => void) {
        resolve('first');
        resolve('second');
      },
    };
  }
}

const start = (options: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);
const openDoors = (): void => doors.splice(0).forEach((open) => open());

describe('a worker', () => {
  it('runs what was added before it started, and what is added later', async () => {
    const before = await start({ consume: false });
    await before.producer.add('quick', 'before');
    const { producer } = await start();
    await eventually(() => ran.length === 1);
    await producer.add('quick', 'after');
    await eventually(() => ran.length === 2);
    expect(ran).toEqual(['before', 'after']);
  });

  it('runs in the order of adding where concurrency is 1', async () => {
    const { producer } = await start({ defaults: { concurrency: 1 } });
    await producer.addBulk(Array.from({ length: 500 }, (_, i) => ({ name: 'quick', data: i })));
    await eventually(() => ran.length === 500);
    expect(ran).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it('runs as many at once as concurrency says, and no more', async () => {
    const { producer } = await start({ queues: { default: { concurrency: 3 } } });
    await producer.addBulk(Array.from({ length: 9 }, (_, i) => ({ name: 'gated', data: i })));
    await eventually(() => doors.length === 3);
    while (ran.length < 9) {
      openDoors();
      await eventually(() => doors.length > 0 || ran.length === 9);
    }
    expect(most).toBe(3);
  });

  it('keeps nothing in Redis but statuses, and what is told of workers, when all is done', async () => {
    const { producer } = await start();
    const rows = Array.from({ length: 250 }, (_, i) => ({ name: 'quick', data: i, id: `${i}` }));
    await producer.addBulk(rows);
    await eventually(() => ran.length === 250);
    await eventually(async () => {
      const keys = (await fixture.keys()).filter(
        (name) => !/^task_(status|bell|recent|meta|workers|history|queues)/.test(name),
      );
      return keys.length === 0;
    });
    expect((await fixture.keys()).filter((name) => name.startsWith('task_status'))).toHaveLength(250);
  });

  it('hears the bell of every queue while one is full', async () => {
    const { producer } = await start({ queues: { default: { concurrency: 1 } } });
    await producer.add('gated', 1);
    await eventually(() => doors.length === 1);
    for (let i = 0; i < 20; i++) {
      const begun = performance.now();
      await producer.add('other', i);
      await eventually(() => ran.includes(i));
      expect(performance.now() - begun).toBeLessThan(2_000);
    }
    openDoors();
    await eventually(() => ran.includes(1));
    await producer.add('quick', 'free again');
    await eventually(() => ran.includes('free again'), { timeoutMs: 2_000 });
  });

  it('marks what throws as failed, whatever is thrown, and goes on', async () => {
    const { producer, status } = await start();
    const names = ['null', 'text', 'error', 'undefined'];
    const added = await producer.addBulk(names.map((data) => ({ name: 'throws', data })));
    await producer.add('quick', 'still here');
    await eventually(() => ran.includes('still here'));
    await eventually(async () => {
      const statuses = await status.getMany(added.map(({ id }) => id));
      expect(statuses.map((one) => [one?.state, one?.error?.message])).toEqual([
        ['failed', 'null'],
        ['failed', 'text'],
        ['failed', 'e'],
        ['failed', 'undefined'],
      ]);
      return true;
    });
    expect(await fixture.redis.zcard(key('task_dead:{default}'))).toBe(4);
  });

  it('logs a failure with id, name and error, and never the data', async () => {
    const { producer, log } = await start();
    await producer.add('throws', 'error', { id: 'seven' });
    await eventually(() => log.of('error').length > 0);
    expect(log.of('error')).toEqual(['default:seven (throws) failed: Error: e']);
  });

  it('takes the first word of a promise that speaks twice', async () => {
    const { producer, status } = await start();
    const { id } = await producer.add('never a promise');
    await eventually(async () => (await status.get(id))?.result === 'first');
  });

  it('runs what redis-cli pushes, and tells of what is no task', async () => {
    const { log } = await start();
    await fixture.redis.lpush(key('task_queue:{default}'), '{"name":"quick","data":"by hand"}', 'garbage');
    await fixture.redis.lpush(key('task_bell:{default}'), 1);
    await eventually(() => ran.includes('by hand'));
    await eventually(async () => (await fixture.redis.zcard(key('task_dead:{default}'))) === 1);
    const [id = ''] = await fixture.redis.zrange(key('task_dead:{default}'), '0', '-1');
    expect(await fixture.redis.hget(key('task_parked:{default}'), id)).toBe('garbage');
    expect(log.of('error').join()).toContain(id);
  });

  it('finds what was pushed without a ring at the next poll', async () => {
    await start();
    await eventually(() => fixture.redis.exists(key('task_workers:{default}')));
    await fixture.redis.lpush(key('task_queue:{default}'), '{"name":"quick","data":"unheard"}');
    await eventually(() => ran.includes('unheard'), { timeoutMs: 8_000 });
  });

  it('buries an envelope that is broken behind its head', async () => {
    const { status } = await start();
    await fixture.redis.lpush(key('task_queue:{default}'), '{"id":"broken","attempt":0,oops');
    await fixture.redis.lpush(key('task_bell:{default}'), 1);
    await eventually(async () => (await status.get('default:broken'))?.error?.name === 'malformed');
    expect(await fixture.redis.hget(key('task_parked:{default}'), 'broken')).toBe('{"id":"broken","attempt":1,oops');
  });

  it('is not stopped by an id that JSON and Redis read differently', async () => {
    const { producer } = await start();
    await fixture.redis.lpush(key('task_queue:{default}'), '{"id":"a\\\\b\tc","attempt":0,"name":"quick"}');
    await producer.addBulk(Array.from({ length: 9 }, (_, i) => ({ name: 'quick', data: i })));
    await eventually(() => ran.length === 9);
    await eventually(async () => (await fixture.redis.zcard(key('task_dead:{default}'))) === 1);
  });

  it('drains a queue at maxmemory, which is the only way to free it', async () => {
    const server = await RedisServer.start();
    const producing = await start({ redis: server.url, consume: false });
    await producing.producer.addBulk(Array.from({ length: 3_000 }, (_, i) => ({ name: 'quick', data: i })));
    const admin = new Redis(server.url);
    await admin.config('SET', 'maxmemory', '1mb');
    await expect(producing.producer.add('quick')).rejects.toMatchObject({
      code: 'REDIS_REFUSED',
      message: expect.stringContaining('OOM') as string,
    });
    const working = await start({ redis: server.url, lease: '1s', defaults: { retention: { completed: 0 } } });
    await eventually(() => ran.length === 3_000);
    expect(working.log.of('error')).toEqual([]);
    await stopApp(working);
    await stopApp(producing);
    await admin.quit();
    await server.stop();
  });

  it('lets a task without a handler wait for a worker that has one', async () => {
    const old = await start();
    const { id } = await old.producer.add('of the next version', 'new', { id: 'x' });
    await eventually(async () => (await old.status.get(id))?.state === 'scheduled');
    expect(old.log.of('warn').join()).toContain('no handler for "of the next version"');
    await stopApp(old);

    @Injectable()
    class Next {
      @TaskHandler('of the next version')
      run(data: unknown): void {
        ran.push(data);
      }
    }
    const next = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Next]);
    await eventually(async () => (await next.status.get(id))?.state === 'completed');
    expect(ran).toEqual(['new']);
  });

  it('buries a task that nobody has had a handler for in an hour of tries', async () => {
    const { status } = await start();
    await fixture.redis.lpush(key('task_queue:{default}'), '{"id":"orphan","attempt":0,"missed":20,"name":"nobody"}');
    await fixture.redis.lpush(key('task_bell:{default}'), 1);
    await eventually(async () => (await status.get('default:orphan'))?.error?.name === 'no handler');
  });
});

describe('tasks fetched ahead', () => {
  const oneAtATime = { defaults: { concurrency: 1 } };

  it('go to another worker when the one that runs takes long', async () => {
    const busy = await start(oneAtATime);
    const quick = Array.from({ length: 200 }, (_, i) => ({ name: 'quick', data: `warm up ${i}` }));
    await busy.producer.addBulk(quick);
    await eventually(() => ran.length === 200);

    ran = [];
    const ids = ['a', 'b', 'c', 'd'];
    await busy.producer.addBulk([
      { name: 'gated', data: 'slow', id: 'slow' },
      ...ids.map((id) => ({ name: 'quick', data: id, id })),
    ]);
    await eventually(() => doors.length === 1);
    // Quick handlers are not marked as active; what turns out to take long is.
    await eventually(async () => (await fixture.redis.hget(key('task_status:{default}:slow'), 'state')) === 'active');
    const { status } = await start(oneAtATime);
    await eventually(() => ran.length === 4);
    expect(ran).toEqual(ids);
    await eventually(async () => (await status.get('default:a'))?.state === 'completed');
    expect((await status.get('default:a'))?.attempt).toBe(1);
    openDoors();
    await eventually(() => ran.includes('slow'));
  });

  it('are given back at shutdown, in order, before the one that runs has ended', async () => {
    const app = await start({ ...oneAtATime, shutdownTimeout: '5s' });
    await app.producer.addBulk(Array.from({ length: 200 }, (_, i) => ({ name: 'quick', data: i })));
    await eventually(() => ran.length === 200);
    await app.producer.addBulk([
      { name: 'gated', data: 'slow' },
      ...['a', 'b', 'c'].map((id) => ({ name: 'quick', id })),
    ]);
    await eventually(() => doors.length === 1);
    const stopping = stopApp(app);
    await eventually(async () => (await fixture.redis.llen(key('task_queue:{default}'))) === 3);
    const waiting = (await fixture.redis.lrange(key('task_queue:{default}'), 0, -1)).reverse();
    expect(waiting.map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(['a', 'b', 'c']);
    openDoors();
    await stopping;
    expect(ran).toContain('slow');
  });
});

describe('shutdown', () => {
  it('waits for what runs, claims nothing more, and signs off', async () => {
    const app = await start({ defaults: { concurrency: 1 } });
    await app.producer.addBulk([
      { name: 'gated', data: 'running' },
      { name: 'gated', data: 'waiting' },
    ]);
    await eventually(() => doors.length === 1);
    const stopping = stopApp(app);
    setTimeout(openDoors, 50);
    await stopping;
    expect(ran).toEqual(['running']);
    expect(await fixture.redis.llen(key('task_queue:{default}'))).toBe(1);
    expect(await fixture.redis.exists(key('task_workers:{default}'), key('task_workers:{second}'))).toBe(0);
  });

  it('aborts what does not end in time; what obeys is given back and not failed', async () => {
    const app = await start({ shutdownTimeout: 100 });
    await app.producer.add('obedient', 1, { id: 'it' });
    await eventually(() => signals.length === 1);
    await stopApp(app);
    expect(signals[0]?.aborted).toBe(true);
    expect(await fixture.redis.lrange(key('task_queue:{default}'), 0, -1)).toEqual([
      '{"id":"it","attempt":0,"name":"obedient","data":1,"delayed":true}',
    ]);
    expect(await fixture.redis.hget(key('task_status:{default}:it'), 'state')).toBe('waiting');
  });

  it('gives back what does not obey either, at the head of the queue and in order', async () => {
    const app = await start({ shutdownTimeout: 100, defaults: { concurrency: 2 } });
    await app.producer.addBulk(['a', 'b', 'c'].map((id) => ({ name: 'gated', id })));
    await eventually(() => doors.length === 2);
    await stopApp(app);
    const waiting = (await fixture.redis.lrange(key('task_queue:{default}'), 0, -1)).reverse();
    expect(waiting.map((text) => (JSON.parse(text) as { id: string }).id)).toEqual(['a', 'b', 'c']);
    expect(app.log.of('warn').join()).toContain('did not end before the shutdown timeout');
    openDoors();
    await eventually(() => active === 0);
    expect(await fixture.redis.hget(key('task_status:{default}:a'), 'state')).toBe('waiting');
  });

  it('waits no longer once it is told a second time', async () => {
    const app = await start({ shutdownTimeout: '1h' });
    await app.producer.add('obedient', 1, { id: 'it' });
    await eventually(() => signals.length === 1);
    const stopping = stopApp(app);
    await eventually(async () => (await fixture.redis.hget(key('task_status:{default}:it'), 'state')) === 'active');
    expect(signals[0]?.aborted).toBe(false);
    // NestJS joins a second close() to the first: what comes a second time is a signal, which calls this.
    await app.app.get(TaskWorker).close();
    await stopping;
    expect(signals[0]?.aborted).toBe(true);
    expect(await fixture.redis.llen(key('task_queue:{default}'))).toBe(1);
  });

  it('lets a draining handler add tasks', async () => {
    const app = await start();
    await app.producer.add('adds another');
    await eventually(() => doors.length === 1);
    const stopping = stopApp(app);
    setTimeout(openDoors, 50);
    await stopping;
    expect(await fixture.redis.lindex(key('task_queue:{default}'), 0)).toContain('added while draining');
  });

  it('is quick where Redis cannot be reached', async () => {
    const app = await start({ redis: 'redis://127.0.0.1:1', commandTimeout: 300 });
    await eventually(() => app.log.of('error').length > 0);
    const begun = performance.now();
    await stopApp(app);
    expect(performance.now() - begun).toBeLessThan(3_000);
    expect(app.log.of('error')).toHaveLength(1);
  });
});

it('a worker that is alone looks rarely, and learns at once that it is not any more, in each of its queues', async () => {
  const options = { redis: fixture.url, prefix: fixture.prefix, lease: '5s' } as const;
  const leases = async (): Promise<number[]> => {
    const scores = ['default', 'second'].map((queue) => fixture.redis.zscore(key(`task_workers:{${queue}}`), worker));
    return (await Promise.all(scores)).map((score) => Number(score) - Date.now());
  };
  let worker = '';
  await startApp(options, [Tasks]);
  await eventually(async () => {
    worker = (await fixture.redis.zrange(key('task_workers:{default}'), '0', '0'))[0] ?? '';
    return (await leases()).every((ms) => ms > 30_000);
  });
  await startApp(options, [Tasks]);
  await eventually(async () => (await leases()).every((ms) => ms <= 5_000), {
    timeoutMs: 2_000,
    what: 'its usual lease',
  });
  expect(await fixture.redis.zcard(key('task_workers:{second}'))).toBe(2);
});

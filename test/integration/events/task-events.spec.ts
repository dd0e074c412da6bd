import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import {
  FailTask,
  RateLimited,
  type RedisTaskQueueOptions,
  RetryTask,
  SnoozeTask,
  TaskContext,
  TaskEvents,
  TaskHandler,
  TaskQueueAdmin,
} from '../../../lib/index.js';
import { RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { ToldEvents } from '../../support/told-events.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('events');
const key = (name: string): string => `${fixture.prefix}${name}`;

type App = TestApp & { told: ToldEvents; admin: TaskQueueAdmin };

async function start(
  handle: (data: never, task: TaskContext) => unknown,
  options: Parameters<typeof workHandler>[1] = {},
  module: RedisTaskQueueOptions = {},
): Promise<App> {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...module }, [workHandler(handle, options)]);
  return { ...app, told: new ToldEvents(app.app.get(TaskEvents)), admin: app.app.get(TaskQueueAdmin) };
}

const thrower = (make: () => unknown) => (): never => {
  throw make();
};

describe('a task', () => {
  it('is told to be started, and to be completed once Redis knows', async () => {
    const { producer, told, status } = await start(() => delay(20, 'done'));
    const { id } = await producer.add('work', 'secret');
    const completed = await told.first('completed');
    expect((await status.get(id))?.state).toBe('completed');
    const facts = { queue: 'default', id, name: 'work', attempt: 1 };
    expect(told.about(id)).toEqual(['started', 'completed']);
    expect(told.of('started')).toEqual([{ type: 'started', ...facts }]);
    expect(completed).toEqual({ type: 'completed', ...facts, ranMs: expect.any(Number) as number });
    expect(completed.ranMs).toBeGreaterThanOrEqual(19);
    expect(JSON.stringify(told.all)).not.toContain('secret');
  });

  it('is told to be retried, with the time of the next attempt, and at last to have failed', async () => {
    const { producer, told, status } = await start(
      thrower(() => new TypeError('broken')),
      { attempts: 2, backoff: 300 },
    );
    const { id } = await producer.add('work');
    const retrying = await told.first('retrying');
    const error = { name: 'TypeError', message: 'broken' };
    expect(retrying).toMatchObject({ id, attempt: 1, error });
    expect(Math.abs(retrying.nextAttemptAt.getTime() - Number((await status.get(id))?.dueAt))).toBeLessThan(50);
    expect(await told.first('failed')).toEqual({
      type: 'failed',
      queue: 'default',
      id,
      name: 'work',
      attempt: 2,
      ranMs: expect.any(Number) as number,
      error,
    });
    expect(told.about(id)).toEqual(['started', 'retrying', 'started', 'failed']);
  });

  it.each<[what: string, thrown: () => unknown, told: string[]]>([
    ['FailTask', () => new FailTask('no'), ['started', 'failed']],
    ['SnoozeTask', () => new SnoozeTask(1), ['started', 'snoozed', 'started', 'completed']],
    ['RateLimited', () => new RateLimited(1), ['started', 'released', 'started', 'completed']],
    ['RetryTask', () => new RetryTask({ delay: 1 }), ['started', 'retrying', 'started', 'completed']],
  ])('whose handler throws %s is told so', async (_what, thrown, expected) => {
    let runs = 0;
    const { producer, told } = await start(
      () => {
        if (runs++ === 0) throw thrown();
      },
      { attempts: 2 },
    );
    const { id } = await producer.add('work');
    await eventually(() => told.about(id).length === expected.length);
    expect(told.about(id)).toEqual(expected);
  });

  it('that is cancelled while it runs is told so, and so is one that expires', async () => {
    const latch = new Latch();
    const { producer, told, admin } = await start(() => latch.opened, {}, { defaults: { concurrency: 1 } });
    const { id } = await producer.add('work');
    await told.first('started');
    const { id: late } = await producer.add('work', null, { expiresIn: 1 });
    await admin.cancel(id);
    latch.open();
    await eventually(() => told.of('cancelled').length === 2);
    expect(told.of('cancelled')).toEqual([
      { type: 'cancelled', queue: 'default', id, name: 'work', attempt: 1, reason: 'cancelled' },
      { type: 'cancelled', queue: 'default', id: late, name: 'work', attempt: 0, reason: 'expired' },
    ]);
    expect([told.about(id), told.about(late)]).toEqual([['started', 'cancelled'], ['cancelled']]);
  });

  it('in a batch is told by itself', async () => {
    class Tasks {
      @TaskHandler('batched', { batch: { size: 3, maxWait: '5s' } })
      run(data: string[]): (string | Error)[] {
        return data.map((text) => (text === 'bad' ? new Error('bad') : text));
      }
    }
    const app = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
    const told = new ToldEvents(app.app.get(TaskEvents));
    const added = await app.producer.addBulk(['good', 'bad', 'good'].map((data) => ({ name: 'batched', data })));
    await eventually(() => told.of('completed').length === 2 && told.of('failed').length === 1);
    expect(added.map(({ id }) => told.about(id))).toEqual([
      ['started', 'completed'],
      ['started', 'failed'],
      ['started', 'completed'],
    ]);
  });

  it('that nobody can run is told when it is a dead letter', async () => {
    const { told } = await start(() => undefined);
    await fixture.redis.lpush(
      key('task_queue:{default}'),
      'nonsense',
      '{"id":"x","attempt":0,"missed":20,"name":"unknown"}',
    );
    await fixture.redis.lpush(key('task_bell:{default}'), '1');
    await eventually(() => told.of('failed').length === 2);
    const facts = { name: null, attempt: 0, ranMs: 0, queue: 'default' };
    expect(told.of('failed')).toEqual([
      expect.objectContaining({ ...facts, error: expect.objectContaining({ name: 'malformed' }) as unknown }),
      expect.objectContaining({ ...facts, error: expect.objectContaining({ name: 'no handler' }) as unknown }),
    ]);
  });
});

describe('a worker', () => {
  it('tells each time when it has drained its queue, and not while something runs', async () => {
    const latch = new Latch();
    const { producer, told } = await start((data) => (data === 'slow' ? latch.opened : undefined));
    await producer.add('work', 'slow');
    await producer.add('work', 'quick');
    await told.first('completed');
    expect(told.of('drained')).toEqual([]);
    latch.open();
    await told.first('drained');
    await producer.add('work', 'quick');
    await eventually(() => told.of('drained').length === 2);
    expect(told.all.at(-1)).toEqual({ type: 'drained', queue: 'default' });
    expect(told.of('completed')).toHaveLength(3);
  });

  it('that is stopped tells what it gave back, then the stream completes', async () => {
    const { producer, told, app, status, log } = await start(
      (_data, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stop')))),
      {},
      { shutdownTimeout: 0 },
    );
    const { id } = await producer.add('work');
    await told.first('started');
    await stopApp({ app, producer, status, log });
    expect(told.all.at(-1)).toEqual({
      type: 'released',
      queue: 'default',
      id,
      name: 'work',
      attempt: 1,
      reason: 'shutdown',
    });
    expect(told.isComplete).toBe(true);
  });

  it('tells what it took over from one that died, and which of it are dead letters', async () => {
    const { told } = await start(() => undefined, {}, { lease: 600 });
    const envelope = (id: string, lost: number): string =>
      `{"id":"${id}","attempt":${lost},"lost":${lost},"name":"work","data":1}`;
    await fixture.redis.hset(key('task_active:{default}:gone'), { a: envelope('a', 0), b: envelope('b', 2) });
    for (const id of ['a', 'b']) await fixture.redis.hset(key(`task_status:{default}:${id}`), 'state', 'active');
    await fixture.redis.zadd(key('task_workers:{default}'), 1, 'gone');
    const recovered = await told.first('recovered');
    expect(recovered).toEqual({
      type: 'recovered',
      queue: 'default',
      worker: 'gone',
      waiting: ['default:a'],
      failed: ['default:b'],
    });
    expect(told.of('failed')).toMatchObject([{ id: 'default:b', name: null, error: { name: 'lost' } }]);
    await eventually(() => told.about('default:a').includes('completed'));
  });
});

describe('a task that was taken away', () => {
  const workerId = async (): Promise<string> =>
    (await eventually(async () => (await fixture.redis.zrange(key('task_workers:{default}'), '0', '-1'))[0])) ?? '';

  it('while it ran is told to be lost, and nothing of its outcome', async () => {
    const latches = [new Latch(), new Latch()];
    let runs = 0;
    const { producer, told } = await start(() => latches[runs++]?.opened, {}, { lease: 600 });
    const { id } = await producer.add('work');
    await told.first('started');
    const broker = new RedisBroker({ redis: fixture.url, prefix: fixture.prefix, commandTimeoutMs: 5_000 });
    await fixture.redis.zadd(key('task_workers:{default}'), 0, await workerId());
    await broker.recover('default' as never, 2, RETENTION);
    await broker.close();
    await eventually(() => told.of('started').length === 2);
    latches[0]?.open();
    latches[1]?.open();
    await told.first('completed');
    expect(told.about(id)).toEqual(['started', 'lost', 'started', 'completed']);
    expect(told.of('completed')).toMatchObject([{ attempt: 2 }]);
  });

  it('and whose outcome is refused is told to be lost, once', async () => {
    const latch = new Latch();
    const { producer, told, log } = await start(() => latch.opened);
    const { id } = await producer.add('work');
    await told.first('started');
    await fixture.redis.hdel(key(`task_active:{default}:${await workerId()}`), id.slice('default:'.length));
    latch.open();
    await told.first('lost');
    await told.first('drained');
    expect(told.about(id)).toEqual(['started', 'lost']);
    expect(log.of('warn')).toEqual([expect.stringContaining(`${id}: its lease was lost`)]);
  });
});

it('a listener that throws is in the log once, and nothing else comes of it', async () => {
  const { producer, told, app, status, log } = await start(() => 'done');
  app.get(TaskEvents).subscribe(() => {
    throw new Error('metrics are down');
  });
  const ids = (await producer.addBulk(Array.from({ length: 20 }, () => ({ name: 'work' })))).map(({ id }) => id);
  await eventually(() => told.of('completed').length === 20);
  expect((await status.getMany(ids)).map((task) => task?.state)).toEqual(Array(20).fill('completed'));
  expect(log.of('error')).toEqual(['A listener failed: Error: metrics are down']);
});

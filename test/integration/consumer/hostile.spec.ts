import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnoozeTask, TaskQueueAdmin, type TaskContext, type TaskHandlerOptions } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('hostile');
const key = (name: string): string => `${fixture.prefix}${name}`;

async function start(
  handle: (data: unknown, task: TaskContext) => unknown,
  options: TaskHandlerOptions = {},
  { concurrency = 10, lease = '15s' }: { concurrency?: number; lease?: `${number}s` } = {},
): Promise<TestApp> {
  const module = { redis: fixture.url, prefix: fixture.prefix, lease, defaults: { concurrency }, shutdownTimeout: 100 };
  return startApp(module, [workHandler(handle, options)]);
}

/** Nothing can be asked of it, not even what it is. */
function unaskable(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('nothing that the application does reaches the process', () => {
  let unhandled: unknown[] = [];
  let others: NodeJS.UnhandledRejectionListener[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeEach(() => {
    unhandled = [];
    others = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[];
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', note);
  });

  afterEach(() => {
    process.off('unhandledRejection', note);
    for (const listener of others) process.on('unhandledRejection', listener);
    if (unhandled.length > 0) throw new Error(`Rejections that nobody handled: ${unhandled.map(String).join()}`);
  });

  it.each([
    ['throws', true],
    ['rejects with', false],
  ])('a handler that %s what cannot be looked at', async (_how, isSync) => {
    const app = await start(
      (data) => {
        if (data === 'good') return 'fine';
        if (isSync) throw unaskable();
        return Promise.reject(unaskable());
      },
      {},
      { concurrency: 1 },
    );
    const { id } = await app.producer.add('work', 'bad');
    const good = await app.producer.add('work', 'good');
    await reaches(app.status, id, 'failed');
    await reaches(app.status, good.id, 'completed');
  });

  it.each([
    ['returns', true],
    ['resolves to', false],
  ])('a handler that %s what throws when it is asked for what it does not have', async (_how, isSync) => {
    const strict = new Proxy<Record<PropertyKey, unknown>>(
      { kept: 1 },
      {
        get: (target, name) => {
          if (name in target || name === 'then' || name === 'toJSON') return target[name];
          throw new Error(`There is no ${String(name)}`);
        },
      },
    );
    const app = await start((data) => {
      if (data === 'good') return 'fine';
      return isSync ? strict : Promise.resolve(strict);
    });
    const { id } = await app.producer.add('work', 'strict');
    expect(await reaches(app.status, id, 'completed')).toMatchObject({ result: { kept: 1 } });
    const good = await app.producer.add('work', 'good');
    await reaches(app.status, good.id, 'completed');
  });

  it('something that only looks like a SnoozeTask fails its task', async () => {
    const app = await start((data) => {
      if (data === 'bad') throw Object.create(SnoozeTask.prototype) as Error;
    });
    const { id } = await app.producer.add('work', 'bad');
    await reaches(app.status, id, 'failed');
    const next = await app.producer.add('work', 'good');
    await reaches(app.status, next.id, 'completed');
  });

  it('a backoff function that is async and rejects', async () => {
    const backoff = (async () => Promise.reject(new Error('no policy'))) as never;
    const app = await start(
      () => {
        throw new Error('x');
      },
      { attempts: 2, backoff },
    );
    const { id } = await app.producer.add('work');
    await reaches(app.status, id, 'retrying');
  });

  it('errors that are made of each other', async () => {
    const circle = new AggregateError([], 'circle');
    circle.errors.push(circle, circle);
    const cause = new Error('caused by itself');
    cause.cause = cause;
    const app = await start((data) => {
      throw data === 'circle' ? circle : cause;
    });
    for (const data of ['circle', 'cause']) {
      const { id } = await app.producer.add('work', data);
      await reaches(app.status, id, 'failed');
    }
  });

  it('a logger that throws', async () => {
    const app = await start((data) => {
      if (data === 'bad') throw new Error('x');
    });
    app.log.error = () => {
      throw new Error('the logger');
    };
    const { id } = await app.producer.add('work', 'bad');
    await reaches(app.status, id, 'failed');
    const next = await app.producer.add('work', 'good');
    await reaches(app.status, next.id, 'completed');
  });
});

it('a deaf handler with a timeout frees its slot although the lease was lost meanwhile', async () => {
  let calls = 0;
  const handle = (data: unknown): unknown => {
    calls++;
    return data === 'hang' ? new Promise(() => undefined) : data;
  };
  const app = await start(handle, { timeout: '2s' }, { concurrency: 1, lease: '1s' });
  await app.producer.add('work', 'hang');
  await eventually(() => calls === 1);
  const [worker = ''] = await fixture.redis.zrange(key('task_workers:{default}'), '0', '-1');
  await fixture.redis
    .multi()
    .zrem(key('task_workers:{default}'), worker)
    .del(key(`task_active:{default}:${worker}`))
    .exec();
  await eventually(() => app.log.of('warn').some((line) => line.includes('its lease was lost')));
  const { id } = await app.producer.add('work', 'next');
  await reaches(app.status, id, 'completed');
});

it('a cancelled task ends although its handler never does', async () => {
  let calls = 0;
  const app = await start(
    (data) => {
      calls++;
      return data === 'hang' ? new Promise(() => undefined) : data;
    },
    {},
    { concurrency: 1 },
  );
  const { id } = await app.producer.add('work', 'hang');
  await eventually(() => calls === 1);
  await app.app.get(TaskQueueAdmin).cancel(id);
  await reaches(app.status, id, 'cancelled');
  const next = await app.producer.add('work', 'next');
  await reaches(app.status, next.id, 'completed');
});

it('a handler that blocks the loop beyond its timeout has taken too long, whatever it returns', async () => {
  const app = await start(
    () => {
      const until = performance.now() + 50;
      while (performance.now() < until);
      return 'done';
    },
    { timeout: 20 },
  );
  const { id } = await app.producer.add('work');
  expect((await reaches(app.status, id, 'failed')).error?.name).toBe('TaskTimeoutError');
});

it('a task that had begun in time does not expire when its worker gives it back', async () => {
  const first = await start(
    (_data, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  );
  const { id } = await first.producer.add('work', null, { expiresIn: 60 });
  await reaches(first.status, id, 'active');
  await first.app.close();
  expect(await fixture.redis.lindex(key('task_queue:{default}'), 0)).not.toContain('expiresAt');
  const second = await start(() => 'done');
  await reaches(second.status, id, 'completed');
});

it('what was fetched ahead for slots that stay taken goes to a worker that is free', async () => {
  const gate = new Latch();
  const ran = { busy: 0, free: 0 };
  const handler =
    (who: keyof typeof ran) =>
    async (data: unknown): Promise<void> => {
      ran[who]++;
      if (data === 'slow') await gate.opened;
    };
  const rows = (data: string, length: number): { name: string; data: string }[] =>
    Array.from({ length }, () => ({ name: 'work', data }));
  const busy = await start(handler('busy'), {}, { concurrency: 100 });
  await busy.producer.addBulk(rows('quick', 1_000));
  await eventually(() => ran.busy === 1_000);
  await busy.producer.addBulk(rows('slow', 100));
  await busy.producer.addBulk(rows('quick', 50));
  await eventually(() => ran.busy >= 1_100);
  await start(handler('free'), {}, { concurrency: 100 });
  await eventually(() => ran.busy + ran.free === 1_150);
  expect(ran.free).toBeGreaterThan(0);
  gate.open();
});

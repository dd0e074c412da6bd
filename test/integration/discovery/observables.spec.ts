import { UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { EMPTY, from, map, merge, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type RedisTaskQueueOptions, TaskContext, TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('observables');

/** What the handlers return. */
let source: Observable<unknown>;
/** What happened to it. */
let steps: string[];
beforeEach(() => void (steps = []));

class Tasks {
  @TaskHandler('bare')
  bare(): Observable<unknown> {
    return source;
  }

  @TaskHandler('promised')
  async promised(): Promise<Observable<unknown>> {
    await delay(1);
    return source;
  }

  @TaskHandler('guarded')
  @UseGuards({ canActivate: () => true })
  guarded(): Observable<unknown> {
    return source;
  }

  @TaskHandler('mapped')
  @UseInterceptors({ intercept: (_context, next) => next.handle() })
  @UseInterceptors({ intercept: (_context, next) => next.handle().pipe(map((value: unknown) => value)) })
  mapped(): Observable<unknown> {
    return source;
  }

  @TaskHandler('doubled')
  @UseInterceptors({ intercept: (_context, next) => next.handle().pipe(map((value) => Number(value) * 2)) })
  doubled(): Observable<unknown> {
    return source;
  }

  @TaskHandler('caught')
  @UseFilters({ catch: (thrown: Error) => ({ caught: thrown.message }) })
  caught(): Observable<unknown> {
    return source;
  }

  @TaskHandler('batch', { batch: { size: 2, maxWait: '1s' } })
  batch(): Observable<unknown[]> {
    return source as Observable<unknown[]>;
  }
}

const ALL = ['bare', 'promised', 'guarded', 'mapped'];

async function run(
  name: string,
  options: RedisTaskQueueOptions = {},
  task = {},
): Promise<TestApp & { id: string; progress: () => Promise<unknown> }> {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);
  const { id } = await app.producer.add(name, null, task);
  return { ...app, id, progress: async () => (await app.status.get(id))?.progress };
}

/** An Observable that tells when somebody subscribes and unsubscribes. */
const watched = (inner: Observable<unknown>): Observable<unknown> =>
  new Observable((subscriber) => {
    steps.push('subscribed');
    const subscription = inner.subscribe(subscriber);
    return () => {
      steps.push('unsubscribed');
      subscription.unsubscribe();
    };
  });

describe.each(ALL)('what the Observable of a handler emits (%s)', (name) => {
  it('is progress, and its last value is the result', async () => {
    const subject = new Subject<unknown>();
    source = watched(subject);
    const { id, status, progress } = await run(name);
    await eventually(() => steps.length === 1);
    for (const value of [{ done: 1 }, 'half', 0, null, false]) {
      subject.next(value);
      await eventually(async () => JSON.stringify(await progress()) === JSON.stringify(value));
    }
    subject.next('last');
    subject.complete();
    expect(await reaches(status, id, 'completed')).toMatchObject({ result: 'last', progress: false });
    expect(steps).toEqual(['subscribed', 'unsubscribed']);
  });

  it('is coalesced: what comes in one turn of the event loop is written once', async () => {
    const subject = new Subject<unknown>();
    source = watched(subject);
    const { id, status, progress } = await run(name);
    await eventually(() => steps.length === 1);
    const write = vi.spyOn(TaskContext.prototype, 'progress');
    for (let n = 1; n <= 10_000; n++) subject.next(n);
    await eventually(async () => (await progress()) === 10_000);
    expect(write.mock.calls).toEqual([[10_000]]);
    write.mockRestore();
    subject.complete();
    expect((await reaches(status, id, 'completed')).result).toBe(10_000);
  });

  it('is no progress where nobody could see it: all at once', async () => {
    source = of(1, 2, 3);
    const { id, status } = await run(name);
    expect(await reaches(status, id, 'completed')).toMatchObject({ result: 3, progress: null });
  });

  it('is no result if there is none', async () => {
    source = EMPTY;
    const { id, status } = await run(name);
    expect(await reaches(status, id, 'completed')).toMatchObject({ result: null, progress: null });
  });

  it('is of no use if it fails then: the task fails', async () => {
    source = merge(
      of(1),
      throwError(() => new RangeError('too much')),
    );
    const { id, status } = await run(name);
    expect((await reaches(status, id, 'failed')).error).toMatchObject({ name: 'RangeError', message: 'too much' });
  });

  it('does not fail the task if JSON cannot carry it: that is told once, and the rest is written', async () => {
    const subject = new Subject<unknown>();
    source = watched(subject);
    const { id, status, progress, log } = await run(name);
    await eventually(() => steps.length === 1);
    const told = (): string[] => log.of('warn').filter((line) => line.includes('no progress'));
    subject.next(1n);
    await eventually(() => told().length === 1);
    subject.next(() => 'a function');
    await delay(5);
    subject.next('fine');
    await eventually(async () => (await progress()) === 'fine');
    subject.next(undefined);
    await delay(5);
    expect(told()).toEqual([expect.stringContaining(`${id} (${name})`)]);
    subject.complete();
    expect(await reaches(status, id, 'completed')).toMatchObject({ result: null, progress: 'fine' });
  });
});

it('what an interceptor makes of each value is the progress', async () => {
  const subject = new Subject<unknown>();
  source = watched(subject);
  const { id, status, progress } = await run('doubled');
  await eventually(() => steps.length === 1);
  subject.next(21);
  await eventually(async () => (await progress()) === 42);
  subject.next(4);
  subject.complete();
  expect((await reaches(status, id, 'completed')).result).toBe(8);
});

it('a filter gets the error of an Observable', async () => {
  source = merge(
    of(1),
    throwError(() => new Error('raw')),
  );
  const { id, status } = await run('caught');
  expect((await reaches(status, id, 'completed')).result).toEqual({ caught: 'raw' });
});

describe.each(ALL)('the Observable of a handler is unsubscribed (%s)', (name) => {
  beforeEach(() => void (source = watched(NEVER)));
  const ended = (): Promise<unknown> => eventually(() => steps.includes('unsubscribed'));

  it('when its task is cancelled', async () => {
    const { app, id, status } = await run(name);
    await eventually(() => steps.length === 1);
    const begun = performance.now();
    await app.get(TaskQueueAdmin).cancel(id);
    await ended();
    expect(await reaches(status, id, 'cancelled')).toMatchObject({ result: null });
    // It has ended by itself: nobody had to wait for it.
    expect(performance.now() - begun).toBeLessThan(900);
  });

  it('when its time is over', async () => {
    const { id, status } = await run(name, {}, { timeout: 50 });
    await ended();
    expect((await reaches(status, id, 'failed')).error).toMatchObject({ name: 'TaskTimeoutError' });
  });

  it('when the lease was lost', async () => {
    const { log } = await run(name, { lease: 600 });
    await eventually(() => steps.length === 1);
    // As another worker does that finds the lease run out; this one claims the task anew then.
    const workers = `${fixture.prefix}task_workers:{default}`;
    const [worker] = await fixture.redis.zrange(workers, '0', '0');
    await fixture.redis.zrem(workers, worker ?? '');
    await ended();
    expect(log.of('error')).toEqual([]);
  });

  it('when the worker shuts down, and its task is given back', async () => {
    const app = await run(name, { shutdownTimeout: 50 });
    await eventually(() => steps.length === 1);
    const begun = performance.now();
    await stopApp(app);
    expect(steps).toEqual(['subscribed', 'unsubscribed']);
    expect(performance.now() - begun).toBeLessThan(900);
    expect(await fixture.redis.llen(`${fixture.prefix}task_queue:{default}`)).toBe(1);
  });
});

it('a promise behind an interceptor is waited for: nothing can stop it', async () => {
  class Slow {
    @TaskHandler('slow')
    @UseInterceptors({ intercept: (_context, next) => next.handle() })
    async run(_data: unknown, { signal }: TaskContext): Promise<string> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await delay(50);
      steps.push('tidied up');
      return 'done';
    }
  }
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix, shutdownTimeout: 20 }, [Slow]);
  const { id } = await app.producer.add('slow');
  await reaches(app.status, id, 'active');
  await stopApp(app);
  expect(steps).toEqual(['tidied up']);
  expect(await fixture.redis.hget(`${fixture.prefix}task_status:{default}:${id.split(':')[1]}`, 'state')).toBe(
    'completed',
  );
});

describe('the Observable of a batch handler', () => {
  it('has the results in its last value, and no progress', async () => {
    const subject = new Subject<unknown>();
    source = watched(subject);
    const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
    const added = await producer.addBulk([1, 2].map((data) => ({ name: 'batch', data })));
    await eventually(() => steps.length === 1);
    subject.next(['first', 'first']);
    await delay(20);
    subject.next(['a', 'b']);
    subject.complete();
    const ends = await Promise.all(added.map(({ id }) => reaches(status, id, 'completed')));
    expect(ends.map(({ result, progress }) => [result, progress])).toEqual([
      ['a', null],
      ['b', null],
    ]);
  });

  it('is unsubscribed when all of its tasks are over, and not before', async () => {
    source = watched(NEVER);
    const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
    const added = await producer.addBulk([
      { name: 'batch', data: 1, timeout: 50 },
      { name: 'batch', data: 2, timeout: 400 },
    ]);
    await reaches(status, added[0]?.id ?? '', 'failed');
    expect(steps).toEqual(['subscribed']);
    await reaches(status, added[1]?.id ?? '', 'failed');
    expect(steps).toEqual(['subscribed', 'unsubscribed']);
  });
});

it('of an async generator each value is progress', async () => {
  let release!: () => void;
  const held = new Promise<void>((resolve) => (release = resolve));
  source = from(
    (async function* () {
      yield 'first';
      await held;
      yield 'last';
    })(),
  );
  const { id, status, progress } = await run('bare');
  await eventually(async () => (await progress()) === 'first');
  release();
  expect(await reaches(status, id, 'completed')).toMatchObject({ result: 'last', progress: 'first' });
});

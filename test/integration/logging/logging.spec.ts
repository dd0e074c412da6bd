import { Logger, type LoggerService, UseFilters, UseGuards } from '@nestjs/common';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import {
  FailTask,
  RateLimited,
  RetryTask,
  SnoozeTask,
  type TaskContext,
  TaskEvents,
  TaskHandler,
  type TaskHandlerOptions,
  type TaskStatus,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('logging');

/** What no line may contain: it stands in the data of every task here. */
const DATA = 'TOP-SECRET';

/** Every call of the logger, with all that it was given. */
class Calls implements LoggerService {
  readonly all: { level: string; given: unknown[] }[] = [];
  log = (...given: unknown[]): void => void this.all.push({ level: 'log', given });
  warn = (...given: unknown[]): void => void this.all.push({ level: 'warn', given });
  error = (...given: unknown[]): void => void this.all.push({ level: 'error', given });
  debug = (...given: unknown[]): void => void this.all.push({ level: 'debug', given });
  verbose = (...given: unknown[]): void => void this.all.push({ level: 'verbose', given });
  fatal = (...given: unknown[]): void => void this.all.push({ level: 'fatal', given });

  /** Those that tell that something is wrong. */
  get troubles(): { level: string; text: string }[] {
    return this.all
      .filter(({ level }) => level !== 'log' && level !== 'debug')
      .map(({ level, given }) => ({ level, text: String(given[0]) }));
  }
}

const module = { redis: fixture.url, prefix: fixture.prefix };

async function start(providers: Parameters<typeof startApp>[1]): Promise<TestApp & { calls: Calls }> {
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix }, providers);
  const calls = new Calls();
  Logger.overrideLogger(calls);
  return { ...app, calls };
}

type Thrower = (data: unknown) => unknown;

const byItself: Thrower = () => new TypeError('out of order');

/** A handler with nothing around it, one with everything, and one that gets batches. */
function handlerOf(kind: string, make: Thrower, options: TaskHandlerOptions): Parameters<typeof startApp>[1] {
  const handle = (data: unknown): unknown => {
    const thrown = make(data);
    if (thrown === undefined) return 'done';
    throw thrown;
  };
  if (kind === 'bare') return [workHandler(handle, options)];
  if (kind === 'batch') {
    class Batch {
      @TaskHandler('work', { ...options, batch: { size: 2 } })
      run(data: unknown[], _tasks: TaskContext[]): unknown[] {
        return data.map((each) => {
          const thrown = make(each);
          return thrown === undefined ? 'done' : Promise.reject(thrown);
        });
      }
    }
    return [Batch];
  }
  class Enhanced {
    @TaskHandler('work', options)
    @UseGuards({ canActivate: () => true })
    @UseFilters(...(kind === 'filtered' ? [{ catch: (thrown: unknown) => Promise.reject(thrown) }] : []))
    run(data: unknown): unknown {
      return handle(data);
    }
  }
  return [Enhanced];
}

const KINDS = ['bare', 'enhanced', 'filtered', 'batch'];

describe.each(KINDS)('of a failure the log has one line, and never the data: %s', (kind) => {
  async function run(
    make: Thrower,
    ends: TaskStatus['state'],
    options: TaskHandlerOptions = {},
  ): Promise<{
    id: string;
    troubles: Calls['troubles'];
  }> {
    const { calls, ...app } = await start(handlerOf(kind, make, { attempts: 2, backoff: 1, ...options }));
    const { id } = await app.producer.add('work', { password: DATA });
    await reaches(app.status, id, ends);
    await stopApp(app);
    expect(inspect(calls.all, { depth: 10 })).not.toContain(DATA);
    return { id, troubles: calls.troubles };
  }

  it('a warning for an attempt that failed, an error for a dead letter', async () => {
    const { id, troubles } = await run(byItself, 'failed');
    expect(troubles).toEqual([
      {
        level: 'warn',
        text: `${id} (work) failed at attempt 1 of 2 and is tried again in 1 ms: TypeError: out of order`,
      },
      { level: 'error', text: `${id} (work) failed at attempt 2 of 2: TypeError: out of order` },
    ]);
  });

  it.each<[string, Thrower, string[]]>([
    ['its data', (data) => data, ['warn', 'error']],
    ['an error that its data have caused', (data) => new Error('x', { cause: data }), ['warn', 'error']],
    ['errors with data among them', (data) => new AggregateError([data], 'x'), ['warn', 'error']],
    ['null', () => null, ['warn', 'error']],
    ['RetryTask', () => new RetryTask({ delay: 1 }), ['warn', 'error']],
    ['FailTask', () => new FailTask('no', { cause: { password: DATA } }), ['error']],
  ])('where the handler throws %s', async (_what, make, levels) => {
    expect((await run(make, 'failed')).troubles.map(({ level }) => level)).toEqual(levels);
  });

  it.each<[string, () => unknown, string[]]>([
    ['SnoozeTask', () => new SnoozeTask(1), []],
    ['RateLimited', () => new RateLimited(1), ['warn']],
  ])('where the handler throws %s, which is no failure', async (_what, make, levels) => {
    let runs = 0;
    const { troubles } = await run(() => (runs++ === 0 ? make() : undefined), 'completed');
    expect(troubles.map(({ level }) => level)).toEqual(levels);
  });
});

describe('the log', () => {
  it('has the failure that a filter deals with not at all', async () => {
    class Tasks {
      @TaskHandler('work')
      @UseFilters({ catch: () => 'instead' })
      run(data: unknown): never {
        throw new Error(JSON.stringify(data));
      }
    }
    const { calls, ...app } = await start([Tasks]);
    const { id } = await app.producer.add('work', DATA);
    await reaches(app.status, id, 'completed');
    await stopApp(app);
    expect([calls.troubles, inspect(calls.all)]).toEqual([[], expect.not.stringContaining(DATA)]);
  });

  it('has a line for each task that was lost for good with another worker', async () => {
    const { calls } = await start([workHandler(() => undefined)]);
    const prefix = `${fixture.prefix}task_`;
    const envelope = `{"id":"a","attempt":2,"lost":2,"name":"work","data":"${DATA}"}`;
    await fixture.redis.hset(`${prefix}active:{default}:gone`, 'a', envelope);
    await fixture.redis.hset(`${prefix}status:{default}:a`, 'state', 'active');
    await fixture.redis.zadd(`${prefix}workers:{default}`, 1, 'gone');
    await fixture.redis.lpush(`${prefix}bell:{default}`, '1');
    const told = await eventually(() => calls.troubles.length === 2 && calls.troubles);
    expect(told).toEqual([
      { level: 'error', text: 'default:a was lost with worker gone and is a dead letter now' },
      { level: 'warn', text: expect.stringContaining('worker gone is gone') as string },
    ]);
    expect(inspect(calls.all)).not.toContain(DATA);
  });

  it('has one line for a task that a shutdown cut short and that may not run again', async () => {
    const options = { ...module, prefix: fixture.prefix, shutdownTimeout: 0 };
    const app = await startApp({ ...options, defaults: { delivery: 'at-most-once' } }, [
      workHandler(() => new Promise(() => undefined)),
    ]);
    const { id } = await app.producer.add('work', DATA);
    await reaches(app.status, id, 'active');
    const calls = new Calls();
    Logger.overrideLogger(calls);
    await stopApp(app);
    expect(calls.troubles).toEqual([
      { level: 'error', text: `${id} (work) was interrupted by the shutdown and is a dead letter now` },
    ]);
  });

  it('names the handlers at start, in one line each, and the tasks that are done not at all', async () => {
    class Tasks {
      @TaskHandler('one')
      @TaskHandler('two', { queue: 'other' })
      run(): void {}
    }
    const { log, producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
    const { id } = await producer.add('one', DATA);
    await reaches(status, id, 'completed');
    const lines = log.lines.filter(({ text }) => /handled|default:|one|two/.test(text));
    expect(lines.map(({ text }) => text).sort()).toEqual([
      'Task "one" on queue "default" is handled by Tasks.run (TestModule)',
      'Task "two" on queue "other" is handled by Tasks.run (TestModule)',
    ]);
  });
});

describe('a logger that throws', () => {
  const warnings: Error[] = [];
  const collect = (warning: Error): void => void warnings.push(warning);
  afterEach(() => void process.off('warning', collect));

  it('hurts nobody: the application starts, its tasks end, and it stops', async () => {
    process.on('warning', collect);
    // What Nest itself cannot write is its own affair.
    const write = (...given: unknown[]): void => {
      if (/^(Task|RedisTaskQueue)/.test(String(given.at(-1)))) throw new Error('the log is full');
    };
    const broken: LoggerService = { log: write, warn: write, error: write, debug: write };
    const app = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [
      workHandler((data) => {
        if (data === 'bad') throw new Error('broken');
      }),
      { provide: 'logger', useFactory: (): void => void Logger.overrideLogger(broken) },
    ]);
    app.app.get(TaskEvents).subscribe(() => {
      throw new Error('a listener that throws as well');
    });
    const [bad, good] = await app.producer.addBulk(['bad', 'good'].map((data) => ({ name: 'work', data })));
    await reaches(app.status, String(bad?.id), 'failed');
    await reaches(app.status, String(good?.id), 'completed');
    Logger.overrideLogger(app.log);
    await stopApp(app);
    expect(warnings.map(({ message }) => message)).toContain('the log is full');
  });
});

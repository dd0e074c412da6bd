import {
  BadRequestException,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  ForbiddenException,
  HttpException,
  type NestInterceptor,
  ServiceUnavailableException,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail } from 'class-validator';
import { setTimeout as delay } from 'node:timers/promises';
import { type Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import {
  FailTask,
  RetryTask,
  SnoozeTask,
  TaskHandler,
  type TaskHandlerOptions,
  type TaskStatus,
} from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('failures');

interface Around {
  guard?: CanActivate['canActivate'];
  intercept?: NestInterceptor['intercept'];
  filter?: ExceptionFilter['catch'];
}

/** Does one task of a handler with three attempts, and says how often it was begun. */
async function run(
  around: Around,
  handle: () => unknown,
  options: TaskHandlerOptions = {},
): Promise<TestApp & { id: string; runs: number[]; ends: (state: TaskStatus['state']) => Promise<TaskStatus> }> {
  const runs: number[] = [];
  @Catch()
  class Filter implements ExceptionFilter {
    catch = around.filter ?? ((thrown: unknown) => Promise.reject(thrown));
  }
  class Tasks {
    @TaskHandler('work', { attempts: 3, backoff: 1, ...options })
    @UseGuards({ canActivate: around.guard ?? (() => true) })
    @UseInterceptors({ intercept: around.intercept ?? ((_context, next) => next.handle()) })
    @UseFilters(...(around.filter ? [new Filter()] : []))
    run(): unknown {
      runs.push(1);
      return handle();
    }
  }
  const app = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
  const { id } = await app.producer.add('work');
  return { ...app, id, runs, ends: (state) => reaches(app.status, id, state) };
}

const thrower = (thrown: unknown) => (): never => {
  throw thrown;
};

describe('a rejection', () => {
  class SendEmail {
    @IsEmail()
    to!: string;
  }

  it('of a guard makes the task a dead letter at once, with its reason', async () => {
    const { runs, ends, log } = await run({ guard: thrower(new UnauthorizedException('who are you?')) }, () => 'done');
    const { error, earlierErrors } = await ends('failed');
    expect(error).toMatchObject({
      name: 'TaskRejectedError',
      message: 'A guard turned the task down: UnauthorizedException: who are you?',
    });
    expect(error?.stack).toContain('enhancers-failures.spec');
    expect(earlierErrors).toEqual([]);
    expect(runs).toEqual([]);
    expect(log.of('error')).toEqual([expect.stringContaining('failed for good: TaskRejectedError: A guard turned')]);
  });

  it('is a guard that says no', async () => {
    const { ends, runs } = await run({ guard: () => Promise.resolve(false) }, () => 'done');
    expect((await ends('failed')).error?.message).toBe(
      'A guard turned the task down: ForbiddenException: Forbidden resource',
    );
    expect(runs).toEqual([]);
  });

  it('is what a ValidationPipe finds, all of it', async () => {
    let runs = 0;
    @UsePipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }))
    class Tasks {
      @TaskHandler('send', { attempts: 3, backoff: 1 })
      send(_email: SendEmail): void {
        runs++;
      }
    }
    const { producer, status, log } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
    const { id } = await producer.add('send', { to: 'ann', cc: 'bob' });
    const { error, attempt } = await reaches(status, id, 'failed');
    expect(error).toMatchObject({
      name: 'TaskRejectedError',
      message: 'A pipe turned the task down: BadRequestException: property cc should not exist; to must be an email',
    });
    expect([runs, attempt]).toEqual([0, 1]);
    expect(log.of('error')).toHaveLength(1);
    expect(log.of('warn')).toEqual([]);
  });

  it.each([
    ['an error of a guard', new Error('the database is down'), 'Error'],
    ['a guard whose service is not there', new ServiceUnavailableException(), 'ServiceUnavailableException'],
    ['a guard that says later', new HttpException('Too Many Requests', 429), 'HttpException'],
    ['a guard that asks for it', new RetryTask({ delay: 1 }), 'RetryTask'],
  ])('is not %s: that is tried again', async (_what, thrown, name) => {
    const { ends } = await run({ guard: thrower(thrown) }, () => 'done');
    const { error, attempt } = await ends('failed');
    expect([error?.name, attempt]).toEqual([name, 3]);
  });

  it('is not what the handler throws, whatever it is: an upstream may have said so', async () => {
    const { ends, runs } = await run({}, thrower(new ForbiddenException('said the upstream')));
    expect((await ends('failed')).error).toMatchObject({ name: 'ForbiddenException', message: 'said the upstream' });
    expect(runs).toHaveLength(3);
  });

  it('stays one if a filter throws it again', async () => {
    const { ends } = await run({ guard: () => false, filter: (thrown) => Promise.reject(thrown) }, () => 'done');
    expect(await ends('failed')).toMatchObject({ attempt: 1, error: { name: 'TaskRejectedError' } });
  });

  it('is overruled by a filter that throws something else', async () => {
    const filter = thrower(new RetryTask({ delay: 1, reason: 'perhaps later' }));
    const { ends } = await run({ guard: () => false, filter }, () => 'done');
    expect(await ends('failed')).toMatchObject({ attempt: 3, error: { message: 'perhaps later' } });
  });

  it('is overruled by a guard that puts the task off', async () => {
    let asked = 0;
    const guard = (): boolean => {
      if (asked++ === 0) throw new SnoozeTask(1);
      return true;
    };
    const { ends, runs } = await run({ guard }, () => 'done');
    expect(await ends('completed')).toMatchObject({ attempt: 1, result: 'done' });
    expect([asked, runs.length]).toEqual([2, 1]);
  });
});

describe('a handler whose attempt is over', () => {
  const slow = async (): Promise<boolean> => delay(400, true);

  it.each<[what: string, around: Around]>([
    ['guard', { guard: slow }],
    ['interceptor', { intercept: (_, next) => slow().then(() => next.handle()) }],
  ])('does not begin, though a slow %s lets it pass', async (_, around) => {
    const { ends, runs } = await run(around, () => 'done', { timeout: 50, attempts: 1 });
    expect((await ends('failed')).error?.name).toBe('TaskTimeoutError');
    await delay(600);
    expect(runs).toEqual([]);
  });
});

describe('an Observable', () => {
  it('that a filter returns is what becomes of the task', async () => {
    const { ends } = await run({ filter: (thrown) => throwError((): unknown => thrown) }, thrower(new Error('raw')));
    expect((await ends('failed')).error).toMatchObject({ message: 'raw' });
  });

  const promised = (): Promise<Observable<string>> => Promise.resolve(of('first', 'last'));

  it('that a handler promises is subscribed', async () => {
    const { ends } = await run({ guard: () => true }, promised);
    expect((await ends('completed')).result).toBe('last');
  });

  it('is so too where nothing stands around the handler', async () => {
    class Bare {
      @TaskHandler('bare')
      run(): unknown {
        return promised();
      }
    }
    const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Bare]);
    const { id } = await producer.add('bare');
    expect((await reaches(status, id, 'completed')).result).toBe('last');
  });
});

describe('a filter', () => {
  it('fails the task if it throws, with what it throws', async () => {
    const { ends, runs } = await run({ filter: thrower(new FailTask('translated')) }, thrower(new Error('raw')));
    expect((await ends('failed')).error).toMatchObject({ name: 'FailTask', message: 'translated' });
    expect(runs).toHaveLength(1);
  });

  it('fails the task if it returns nothing: it has only looked', async () => {
    const looked: unknown[] = [];
    const { ends } = await run({ filter: (thrown) => void looked.push(thrown) }, thrower(new Error('raw')));
    expect((await ends('failed')).error).toMatchObject({ name: 'Error', message: 'raw' });
    expect(looked).toHaveLength(3);
  });

  it('fails the task if it is async and does not throw: then, too, it has only looked', async () => {
    const { ends, runs } = await run({ filter: () => Promise.resolve() }, thrower(new Error('raw')));
    expect((await ends('failed')).error).toMatchObject({ name: 'Error', message: 'raw' });
    expect(runs).toHaveLength(3);
  });

  it.each<[what: string, filter: ExceptionFilter['catch'], result: unknown]>([
    ['an object', () => ({ skipped: true }), { skipped: true }],
    ['a promise of one', () => Promise.resolve({ skipped: true }), { skipped: true }],
    ['null', () => null, null],
    ['a promise of null', () => Promise.resolve(null), null],
  ])('gives the task the result that it returns: %s', async (_, filter, result) => {
    const { ends, runs } = await run({ filter }, thrower(new Error('raw')));
    expect(await ends('completed')).toMatchObject({ attempt: 1, result, error: null });
    expect(runs).toHaveLength(1);
  });

  it('that throws something else hides nothing: the status and the log tell of both', async () => {
    const filter = thrower(new RangeError('translated'));
    const { ends, log } = await run({ filter }, thrower(new TypeError('raw')), { attempts: 1 });
    const { error } = await ends('failed');
    expect(error).toMatchObject({ name: 'RangeError', message: 'translated' });
    expect(error?.stack).toContain('Caused by TypeError: raw');
    expect(log.of('error')).toHaveLength(1);
  });

  it.each<[what: string, instead: unknown, message: string]>([
    ['has a cause of its own', new Error('translated', { cause: new Error('own') }), 'Caused by Error: own'],
    ['is frozen', Object.freeze(new Error('translated')), 'translated'],
    ['is no error', 'translated', ''],
  ])('may throw what %s', async (_what, instead, message) => {
    const { ends } = await run({ filter: thrower(instead) }, thrower(new TypeError('raw')), { attempts: 1 });
    const { error } = await ends('failed');
    expect(error?.message).toBe('translated');
    expect(error?.stack ?? '').toContain(message);
    expect(error?.stack ?? '').not.toContain('raw');
  });

  it('is not asked about what says how the task goes on', async () => {
    const seen: unknown[] = [];
    const filter = (thrown: unknown): string => `swallowed ${seen.push(thrown)}`;
    const { ends } = await run({ filter }, thrower(new FailTask('for good')));
    expect((await ends('failed')).error).toMatchObject({ name: 'FailTask', message: 'for good' });
    expect(seen).toEqual([]);
  });

  it('gets what it catches, and nothing else', async () => {
    const caught: unknown[] = [];
    @Catch(BadRequestException)
    class Filter implements ExceptionFilter {
      catch(exception: BadRequestException): never {
        caught.push(exception.message);
        throw new FailTask('caught');
      }
    }
    class Tasks {
      @TaskHandler('work', { attempts: 2, backoff: 1 })
      @UseFilters(Filter)
      run(data: { message: string; isBad: boolean }): never {
        throw data.isBad ? new BadRequestException(data.message) : new Error(data.message);
      }
    }
    const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
    const { id } = await producer.add('work', { isBad: true, message: 'bad' });
    expect(await reaches(status, id, 'failed')).toMatchObject({ attempt: 1, error: { message: 'caught' } });
    const { id: other } = await producer.add('work', { isBad: false, message: 'other' });
    expect(await reaches(status, other, 'failed')).toMatchObject({ attempt: 2, error: { message: 'other' } });
    expect(caught).toEqual(['bad']);
  });

  it('gets null if that is what was thrown', async () => {
    const { ends } = await run({ filter: (thrown: unknown) => ({ thrown }) }, thrower(null));
    expect((await ends('completed')).result).toEqual({ thrown: null });
  });
});

describe('the log', () => {
  it.each<[string, Around]>([
    ['around the handler', {}],
    ['and a filter that throws', { filter: (thrown) => Promise.reject(thrown) }],
    ['and a filter that returns nothing', { filter: () => undefined }],
  ])('has one line for each failed attempt, with a guard %s', async (_what, around) => {
    const { ends, log } = await run(around, thrower(new TypeError('out of order')));
    await ends('failed');
    expect(log.of('warn').filter((line) => line.includes('out of order'))).toHaveLength(2);
    expect(log.of('error')).toEqual([expect.stringContaining('failed at attempt 3 of 3: TypeError: out of order')]);
  });
});

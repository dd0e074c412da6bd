import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  ParseArrayPipe,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail } from 'class-validator';
import { map, type Observable, of } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  getTaskContext,
  getTaskContexts,
  isTaskContext,
  TaskContext,
  TaskCtx,
  TaskData,
  TaskHandler,
  type TaskStatus,
} from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp } from '../../support/test-app.js';

const fixture = redisFixture('batch-enhancers');

const batch = { size: 10, maxWait: 100 };

class Mail {
  @IsEmail()
  to!: string;
}

/** The arguments that something around a handler was called with. */
let seen: [string, unknown, boolean, number][];
beforeEach(() => void (seen = []));

function note(by: string, host: ArgumentsHost): void {
  const contexts = getTaskContexts(host);
  const areThose = contexts === host.getArgByIndex(1) && contexts.every((each) => each instanceof TaskContext);
  seen.push([by, host.getArgByIndex(0), isTaskContext(host) && areThose, contexts.length]);
}

class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    note('guard', context);
    return !context.getArgByIndex<unknown[]>(0).includes('denied');
  }
}

class Interceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown[]>): Observable<unknown> {
    note('interceptor', context);
    return next.handle().pipe(map((results) => results.map((result) => `(${String(result)})`)));
  }
}

@Catch(RangeError)
class Filter implements ExceptionFilter {
  catch(error: RangeError, host: ArgumentsHost): unknown {
    note('filter', host);
    return getTaskContexts(host).map(() => error.message);
  }
}

const Ids = createParamDecorator((_: unknown, host: ExecutionContext) => getTaskContexts(host).map(({ id }) => id));

@Injectable()
class Tasks {
  @TaskHandler('surrounded', { batch })
  @UseGuards(Guard)
  @UseInterceptors(Interceptor)
  @UseFilters(Filter)
  surrounded(data: string[], tasks: TaskContext[]): string[] {
    if (data.includes('range')) throw new RangeError('out of range');
    return data.map((each, at) => `${each} ${tasks[at]?.attempt}`);
  }

  @TaskHandler('parameters', { batch })
  parameters(
    @TaskCtx() tasks: TaskContext[],
    @TaskData() data: { n?: number }[],
    @TaskData('n') numbers: (number | undefined)[],
    @Ids() ids: string[],
  ): unknown[] {
    return data.map((each, at) => [each, numbers[at] ?? 'none', tasks[at]?.id === ids[at]]);
  }

  @TaskHandler('validated', { batch })
  validated(@TaskData(new ParseArrayPipe({ items: Mail })) mails: Mail[]): boolean[] {
    return mails.map((mail) => mail instanceof Mail);
  }

  @TaskHandler('piped', { batch })
  @UsePipes(new ValidationPipe())
  piped(mails: Mail[], tasks: TaskContext[]): boolean[] {
    return mails.map((_, at) => tasks[at] instanceof TaskContext);
  }

  @TaskHandler('streamed', { batch })
  streamed(data: number[]): Observable<number[]> {
    return of([], data);
  }

  @TaskHandler('asked for one', { batch })
  @UseInterceptors({ intercept: (context: ExecutionContext): never => getTaskContext(context) as never })
  askedForOne(_data: unknown[]): void {}
}

/** @returns how these tasks, which make one batch, end */
async function endsOf(name: string, data: unknown[], state: 'completed' | 'failed'): Promise<TaskStatus[]> {
  const { producer, status } = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);
  const added = await producer.addBulk(data.map((each) => ({ name, data: each })));
  return Promise.all(added.map(({ id }) => reaches(status, id, state)));
}

const resultsOf = async (name: string, data: unknown[]): Promise<unknown[]> =>
  (await endsOf(name, data, 'completed')).map(({ result }) => result);

describe('what stands around a batch handler', () => {
  it('stands around the one call, and gets arrays', async () => {
    expect(await resultsOf('surrounded', ['a', 'b'])).toEqual(['(a 1)', '(b 1)']);
    expect(seen).toEqual([
      ['guard', ['a', 'b'], true, 2],
      ['interceptor', ['a', 'b'], true, 2],
    ]);
  });

  it('gets arrays of one for a batch of one', async () => {
    expect(await resultsOf('surrounded', ['a'])).toEqual(['(a 1)']);
    expect(seen[0]).toEqual(['guard', ['a'], true, 1]);
  });

  it('turns the batch down as a whole', async () => {
    for (const { error } of await endsOf('surrounded', ['a', 'denied'], 'failed')) {
      expect(error).toMatchObject({ name: 'TaskRejectedError' });
    }
  });

  it('may catch what was thrown, and say what the results are', async () => {
    expect(await resultsOf('surrounded', ['a', 'range'])).toEqual(['out of range', 'out of range']);
    expect(seen.at(-1)).toEqual(['filter', ['a', 'range'], true, 2]);
  });

  it('is told of it where it asks for the one task that there is not', async () => {
    const [end] = await endsOf('asked for one', [1], 'failed');
    expect(end?.error).toMatchObject({
      name: 'NotATaskError',
      message: expect.stringContaining('getTaskContexts') as unknown,
    });
  });
});

describe('the arguments of a batch handler', () => {
  it('are what its parameter decorators say, of each task', async () => {
    expect(await resultsOf('parameters', [{ n: 1 }, {}])).toEqual([
      [{ n: 1 }, 1, true],
      [{}, 'none', true],
    ]);
  });

  it('may be validated one by one by a ParseArrayPipe; what is wrong with one turns all down', async () => {
    expect(await resultsOf('validated', [{ to: 'ann@example.org' }, { to: 'bob@example.org' }])).toEqual([true, true]);
    for (const { error } of await endsOf('validated', [{ to: 'ann@example.org' }, { to: 'bob' }], 'failed')) {
      expect(error).toMatchObject({
        name: 'TaskRejectedError',
        message: expect.stringContaining('must be an email') as unknown,
      });
    }
  });

  it('pass a ValidationPipe as they are, for an array has no class to be validated by', async () => {
    expect(await resultsOf('piped', [{ to: 'ann' }, {}])).toEqual([true, true]);
  });
});

it('of an Observable the last value has the results', async () => {
  expect(await resultsOf('streamed', [1, 2])).toEqual([1, 2]);
});

it('a method is for batches or it is not', async () => {
  class Both {
    @TaskHandler('a', { batch })
    @TaskHandler('b')
    run(_data: unknown[]): void {}
  }
  await expect(startApp({ redis: fixture.url, prefix: fixture.prefix }, [Both])).rejects.toMatchObject({
    code: 'UNSUPPORTED_HANDLER',
    message: expect.stringContaining('Both.run') as unknown,
  });
});

it('batch is no option of a single task', async () => {
  const { producer } = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false });
  await expect(producer.add('x', 1, { batch } as object)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
});

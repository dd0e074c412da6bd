import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  Module,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, ExternalContextCreator } from '@nestjs/core';
import { EMPTY, map, type Observable, of, tap } from 'rxjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  getTaskContext,
  isTaskContext,
  type RedisTaskQueueOptions,
  TaskContext,
  TaskHandler,
  TaskQueueAdmin,
} from '../../../lib/index.js';
import { TaskHandlerRegistry } from '../../../lib/handler/task-handler.registry.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('enhancers');

const start = (providers: object[], options: RedisTaskQueueOptions = {}, metadata: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers as never[], metadata);

/** What happened around the handler, in order. */
let steps: string[];
beforeEach(() => void (steps = []));

/** Injected into what stands around a handler: it shows that Nest has made it. */
@Injectable()
class Journal {
  note(step: string): void {
    steps.push(step);
  }
}

function guard(level: string): new (journal: Journal) => CanActivate {
  @Injectable()
  class NotingGuard implements CanActivate {
    constructor(private readonly journal: Journal) {}
    canActivate(): boolean {
      this.journal.note(`${level} guard`);
      return true;
    }
  }
  return NotingGuard;
}

function interceptor(level: string): new (journal: Journal) => NestInterceptor {
  @Injectable()
  class NotingInterceptor implements NestInterceptor {
    constructor(private readonly journal: Journal) {}
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.journal.note(`${level} interceptor`);
      return next.handle().pipe(tap(() => this.journal.note(`${level} interceptor after`)));
    }
  }
  return NotingInterceptor;
}

function pipe(level: string): new (journal: Journal) => PipeTransform {
  @Injectable()
  class NotingPipe implements PipeTransform {
    constructor(private readonly journal: Journal) {}
    transform(value: unknown): unknown {
      this.journal.note(`${level} pipe`);
      return value;
    }
  }
  return NotingPipe;
}

function filter(level: string): new (journal: Journal) => ExceptionFilter {
  @Injectable()
  @Catch()
  class NotingFilter implements ExceptionFilter {
    constructor(private readonly journal: Journal) {}
    catch(thrown: unknown): never {
      this.journal.note(`${level} filter`);
      throw thrown;
    }
  }
  return NotingFilter;
}

@Injectable()
@UseGuards(guard('class'))
@UseInterceptors(interceptor('class'))
@UsePipes(pipe('class'))
@UseFilters(filter('class'))
class Surrounded {
  @TaskHandler('surrounded')
  @UseGuards(guard('method'))
  @UseInterceptors(interceptor('method'))
  @UsePipes(pipe('method'))
  @UseFilters(filter('method'))
  run(data: { fail?: boolean }): string {
    steps.push('handler');
    if (data.fail) throw new Error('failed');
    return 'done';
  }

  @TaskHandler('class only')
  fail(): never {
    throw new Error('failed');
  }
}

class Plain {
  @TaskHandler('plain')
  run(data: unknown): unknown {
    steps.push('handler');
    return data;
  }
}

const globals = [
  Journal,
  { provide: APP_GUARD, useClass: guard('global') },
  { provide: APP_INTERCEPTOR, useClass: interceptor('global') },
  { provide: APP_PIPE, useClass: pipe('global') },
  { provide: APP_FILTER, useClass: filter('global') },
];

const ALL_LEVELS = [
  'global guard',
  'class guard',
  'method guard',
  'global interceptor',
  'class interceptor',
  'method interceptor',
  'global pipe',
  'class pipe',
  'method pipe',
  'handler',
];

describe('guards, interceptors, pipes and filters', () => {
  it('stand around a handler as around a route: global, class, method', async () => {
    const { producer, status } = await start([...globals, Surrounded]);
    const { id } = await producer.add('surrounded', {});
    expect((await reaches(status, id, 'completed')).result).toBe('done');
    const after = ['method', 'class', 'global'].map((level) => `${level} interceptor after`);
    expect(steps).toEqual([...ALL_LEVELS, ...after]);
  });

  it('gives an exception to the nearest filter that wants it', async () => {
    const { producer, status } = await start([...globals, Surrounded, Plain]);
    const { id } = await producer.add('surrounded', { fail: true });
    expect((await reaches(status, id, 'failed')).error).toMatchObject({ name: 'Error', message: 'failed' });
    expect(steps).toEqual([...ALL_LEVELS, 'method filter']);

    const { id: second } = await producer.add('class only');
    await reaches(status, second, 'failed');
    expect(steps.filter((step) => step.endsWith('filter'))).toEqual(['method filter', 'class filter']);
  });

  it('stand around the handlers of a controller, too', async () => {
    @Controller()
    @UseGuards(guard('class'))
    @UseFilters(filter('class'))
    class Routes {
      @TaskHandler('route')
      run(): never {
        throw new Error('failed');
      }
    }
    const { producer, status } = await start([Journal], {}, { controllers: [Routes] });
    const { id } = await producer.add('route');
    await reaches(status, id, 'failed');
    expect(steps).toEqual(['class guard', 'class filter']);
  });

  it('belong to the module of the handler, whatever its token', async () => {
    const { producer, status } = await start([Journal, { provide: 'token', useClass: Surrounded }]);
    const { id } = await producer.add('surrounded', {});
    await reaches(status, id, 'completed');
    expect(steps).toContain('class guard');
  });

  it('are found where a factory of another module returns the handler', async () => {
    @Module({ providers: [Journal, Surrounded], exports: [Surrounded] })
    class HomeModule {}
    const again = { provide: 'again', useFactory: (tasks: Surrounded) => tasks, inject: [Surrounded] };
    const { producer, status } = await start([again], {}, { imports: [HomeModule] });
    const { id } = await producer.add('surrounded', {});
    await reaches(status, id, 'completed');
    expect(steps).toContain('class guard');
  });

  it('keeps what is global away from tasks with globalEnhancers: false, and nothing else', async () => {
    const { producer, status } = await start([...globals, Surrounded, Plain], { globalEnhancers: false });
    const { id } = await producer.add('surrounded', { fail: true });
    await reaches(status, id, 'failed');
    expect(steps).toEqual([...ALL_LEVELS.filter((step) => !step.startsWith('global')), 'method filter']);
    steps = [];
    await reaches(status, (await producer.add('plain')).id, 'completed');
    expect(steps).toEqual(['handler']);
  });
});

describe('what a guard, interceptor or filter is told', () => {
  it('is class, method, and the very context that the handler gets', async () => {
    const hosts: ArgumentsHost[] = [];
    class Look implements CanActivate, NestInterceptor, ExceptionFilter {
      canActivate = (context: ExecutionContext): boolean => hosts.push(context) > 0;
      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        hosts.push(context);
        return next.handle();
      }
      catch(thrown: unknown, host: ArgumentsHost): never {
        hosts.push(host);
        throw thrown;
      }
    }
    const contexts: unknown[] = [];
    class Tasks {
      @TaskHandler('look')
      @UseGuards(new Look())
      @UseInterceptors(new Look())
      @UseFilters(new Look())
      run(_data: unknown, task: TaskContext): never {
        contexts.push(task);
        throw new Error('failed');
      }
    }
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add('look', { a: 1 });
    await reaches(status, id, 'failed');
    expect(hosts).toHaveLength(3);
    for (const host of hosts as ExecutionContext[]) {
      expect(host.getType()).toBe('task');
      expect(host.getClass()).toBe(Tasks);
      expect(host.getHandler()).toBe(Reflect.get(Tasks.prototype, 'run'));
      expect(host.getArgs()).toEqual([{ a: 1 }, contexts[0]]);
      expect(isTaskContext(host)).toBe(true);
      expect(getTaskContext(host)).toBe(contexts[0]);
    }
    expect(contexts[0]).toBeInstanceOf(TaskContext);
  });
});

describe('the result', () => {
  class Tasks {
    @TaskHandler('mapped')
    @UseInterceptors({
      intercept: (_context, next) => next.handle().pipe(map((value) => ({ value: value as number }))),
    })
    mapped(): number {
      return 7;
    }

    @TaskHandler('answered')
    @UseInterceptors({ intercept: () => of('from the cache') })
    answered(): void {
      steps.push('handler');
    }

    @TaskHandler('three')
    three(): Observable<number> {
      return of(1, 2, 3);
    }

    @TaskHandler('none')
    none(): Observable<never> {
      return EMPTY;
    }

    @TaskHandler('guarded three')
    @UseGuards({ canActivate: () => true })
    guardedThree(): Observable<number> {
      return of(1, 2, 3);
    }

    @TaskHandler('guarded none')
    @UseGuards({ canActivate: () => true })
    guardedNone(): Observable<never> {
      return EMPTY;
    }
  }

  it.each([
    ['mapped', { value: 7 }, 'what its interceptor makes of it'],
    ['answered', 'from the cache', 'what its interceptor says instead of it'],
    ['three', 3, 'the last value of an Observable'],
    ['none', null, 'nothing, of an Observable without one'],
    ['guarded three', 3, 'the last value of an Observable, with a guard'],
    ['guarded none', null, 'nothing, of an Observable without one, with a guard'],
  ])('of task "%s" is %j: %s', async (name, result, _why) => {
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add(name);
    expect((await reaches(status, id, 'completed')).result).toEqual(result);
    expect(steps).toEqual([]);
  });
});

describe('a task with guards around it', () => {
  class Tasks {
    @TaskHandler('wait', { timeout: 30 })
    @UseGuards({ canActivate: () => true })
    @UseInterceptors({ intercept: (_context, next) => next.handle() })
    async wait(_data: unknown, { signal }: TaskContext): Promise<void> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      steps.push(`aborted: ${(signal.reason as Error).name}`);
    }
  }

  it('has its timeout', async () => {
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add('wait');
    expect((await reaches(status, id, 'failed')).error).toMatchObject({ name: 'TaskTimeoutError' });
    expect(steps).toEqual(['aborted: TaskTimeoutError']);
  });
});

describe('a task that is cancelled behind its guards', () => {
  it('is told so, as the same signal', async () => {
    const signals: AbortSignal[] = [];
    class Tasks {
      @TaskHandler('cancel me')
      @UseGuards({ canActivate: (context) => signals.push(getTaskContext(context).signal) > 0 })
      async run(_data: unknown, { signal }: TaskContext): Promise<void> {
        signals.push(signal);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
    }
    const { app, producer, status } = await start([Tasks]);
    const { id } = await producer.add('cancel me');
    await eventually(() => signals.length === 2);
    await app.get(TaskQueueAdmin).cancel(id);
    await reaches(status, id, 'cancelled');
    expect(signals[0]).toBe(signals[1]);
    await eventually(() => signals[0]?.aborted);
  });
});

describe('the cost', () => {
  it('is that of a bare call where nothing stands around the handler', async () => {
    const { app } = await start([Journal, Plain, Surrounded]);
    const handlers = app.get(TaskHandlerRegistry).of('default');
    const context = { throwIfOver: () => undefined } as TaskContext;
    expect(handlers.get('plain')?.invoke(5, context)).toBe(5);
    expect(handlers.get('surrounded')?.invoke({}, context)).toBeInstanceOf(Promise);
  });

  it('is that of a bare call where what is global is kept away', async () => {
    const { app } = await start([...globals, Plain], { globalEnhancers: false });
    expect(
      app
        .get(TaskHandlerRegistry)
        .of('default')
        .get('plain')
        ?.invoke(5, {} as TaskContext),
    ).toBe(5);
  });

  it('is one call of a function that was made once, else', async () => {
    const create = vi.spyOn(ExternalContextCreator.prototype, 'create');
    const { producer, status } = await start([Journal, Plain, Surrounded]);
    const added = await producer.addBulk(Array.from({ length: 5 }, () => ({ name: 'surrounded', data: {} })));
    for (const { id } of added) await reaches(status, id, 'completed');
    expect(create.mock.calls.map(([, , method]) => method)).toEqual(['run', 'fail']);
    create.mockRestore();
  });
});

import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  ContextIdFactory,
  ExternalContextCreator,
  ModuleRef,
  REQUEST,
} from '@nestjs/core';
import type { Observable } from 'rxjs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  FailTask,
  getTaskContext,
  type RedisTaskQueueOptions,
  TaskContext,
  TaskData,
  TaskHandler,
  type TaskStatus,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('request-scope');
const SCOPES = [Scope.REQUEST, Scope.TRANSIENT];
const batch = { size: 2, maxWait: '1s' } as const;

const start = (providers: object[], options: RedisTaskQueueOptions = {}, metadata: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers as never[], metadata);

async function ends(
  { producer, status }: TestApp,
  name: string,
  data: unknown[],
  state: TaskStatus['state'] = 'completed',
): Promise<TaskStatus[]> {
  const added = await producer.addBulk(data.map((each) => ({ name, data: each })));
  return Promise.all(added.map(({ id }) => reaches(status, id, state)));
}

const results = async (...given: Parameters<typeof ends>): Promise<unknown[]> =>
  (await ends(...given)).map(({ result }) => result);

/** How many of something were made: each has a number. */
let made = 0;
beforeEach(() => void (made = 0));

class Counted {
  readonly number = ++made;
}

describe('a handler', () => {
  it.each(SCOPES)('of scope %s is a new instance for each task', async (scope) => {
    @Injectable({ scope })
    class Tasks extends Counted {
      @TaskHandler('scoped')
      run(data: unknown): unknown {
        return [data, this.number, this instanceof Tasks];
      }
    }
    const app = await start([Tasks]);
    const all = (await results(app, 'scoped', ['a', 'b', 'c'])) as [string, number, boolean][];
    expect(all.map(([data]) => data)).toEqual(['a', 'b', 'c']);
    expect(new Set(all.map(([, number]) => number)).size).toBe(3);
    expect(all.every(([, , isOne]) => isOne)).toBe(true);
    expect(made).toBe(3);
  });

  it('with a request-scoped dependency is so, too, and shares it within the task only', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Unit extends Counted {}
    @Injectable()
    class Other {
      constructor(readonly unit: Unit) {}
    }
    @Injectable()
    class Tasks {
      constructor(
        readonly unit: Unit,
        readonly other: Other,
      ) {}
      @TaskHandler('dependent')
      run(): unknown {
        return [this.unit === this.other.unit, this.unit.number];
      }
    }
    const app = await start([Unit, Other, Tasks]);
    const all = (await results(app, 'dependent', [1, 2, 3])) as [boolean, number][];
    expect(all.map(([isShared]) => isShared)).toEqual([true, true, true]);
    expect(new Set(all.map(([, number]) => number))).toEqual(new Set([1, 2, 3]));
  });

  it('of a batch is a new instance for each batch', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tasks extends Counted {
      constructor(@Inject(REQUEST) private readonly request: TaskContext[]) {
        super();
      }
      @TaskHandler('batch', { batch })
      run(data: unknown[], tasks: TaskContext[]): unknown[] {
        return data.map((each, at) => [each, this.number, this.request === tasks, this.request[at]?.data]);
      }
    }
    expect(await results(await start([Tasks]), 'batch', ['a', 'b', 'c', 'd'])).toEqual([
      ['a', 1, true, 'a'],
      ['b', 1, true, 'b'],
      ['c', 2, true, 'c'],
      ['d', 2, true, 'd'],
    ]);
  });

  it('may be made by a controller, a token, or stand in a class beside others', async () => {
    @Controller({ scope: Scope.REQUEST })
    class Routes extends Counted {
      @TaskHandler('route')
      run(): number {
        return this.number;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Tasks extends Counted {
      @TaskHandler('token')
      run(): number {
        return this.number;
      }
    }
    const app = await start([{ provide: 'token', useClass: Tasks }], {}, { controllers: [Routes] });
    expect(await results(app, 'route', [1])).toEqual([1]);
    expect(await results(app, 'token', [1])).toEqual([2]);
  });

  it('that is static is called as before, whatever else is scoped', async () => {
    @Injectable()
    class Tasks extends Counted {
      @TaskHandler('static')
      run(): number {
        return this.number;
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @TaskHandler('scoped')
      run(): void {}
    }
    const create = vi.spyOn(ModuleRef.prototype, 'registerRequestByContextId');
    const app = await start([Tasks, Scoped]);
    expect(await results(app, 'static', [1, 2])).toEqual([1, 1]);
    expect(create).not.toHaveBeenCalled();
    await ends(app, 'scoped', [1]);
    expect(create).toHaveBeenCalledTimes(1);
    create.mockRestore();
  });
});

describe('@Inject(REQUEST)', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Unit {
    constructor(@Inject(REQUEST) readonly task: TaskContext) {}
  }

  it('is the very context of the task, with its data and group', async () => {
    @Injectable()
    class Tasks {
      constructor(private readonly unit: Unit) {}
      @TaskHandler('request')
      run(data: unknown, task: TaskContext): unknown {
        return [this.unit.task === task, task.data === data, data, task.group ?? null, task.attempt];
      }
    }
    const { producer, status } = await start([Unit, Tasks]);
    const plain = await producer.add('request', { n: 1 });
    const grouped = await producer.add('request', { n: 2 }, { group: 'acme' });
    expect((await reaches(status, plain.id, 'completed')).result).toEqual([true, true, { n: 1 }, null, 1]);
    expect((await reaches(status, grouped.id, 'completed')).result).toEqual([true, true, { n: 2 }, 'acme', 1]);
  });

  it('is that of the task also for whoever resolves more of the same tree', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tasks {
      constructor(
        private readonly moduleRef: ModuleRef,
        private readonly unit: Unit,
      ) {}
      @TaskHandler('resolve')
      async run(_data: unknown, task: TaskContext): Promise<boolean> {
        return (await this.moduleRef.resolve(Unit, ContextIdFactory.getByRequest(task))) === this.unit;
      }
    }
    expect(await results(await start([Unit, Tasks]), 'resolve', [1])).toEqual([true]);
  });

  it('keeps tasks that run at the same time apart', async () => {
    @Injectable()
    class Tasks {
      constructor(private readonly unit: Unit) {}
      @TaskHandler('apart')
      async run(data: number): Promise<boolean> {
        await new Promise((resolve) => setTimeout(resolve, data % 3));
        return this.unit.task.data === data;
      }
    }
    const data = Array.from({ length: 50 }, (_, n) => n);
    expect(await results(await start([Unit, Tasks]), 'apart', data)).toEqual(data.map(() => true));
  });
});

describe.each(SCOPES)('what stands around a handler and is of scope %s', (scope) => {
  let seen: [by: string, number: number, isTheTask: boolean][];
  beforeEach(() => void (seen = []));

  @Injectable({ scope: Scope.REQUEST })
  class Unit {
    constructor(@Inject(REQUEST) readonly task: TaskContext) {}
  }

  @Catch()
  @Injectable({ scope })
  class Enhancer extends Counted implements CanActivate, NestInterceptor, PipeTransform, ExceptionFilter {
    constructor(private readonly unit: Unit) {
      super();
    }
    canActivate(context: ExecutionContext): boolean {
      return this.note('guard', getTaskContext(context)) > 0;
    }
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.note('interceptor', getTaskContext(context));
      return next.handle();
    }
    transform(value: unknown): unknown {
      this.note('pipe', this.unit.task);
      return value;
    }
    catch(_error: unknown, host: ArgumentsHost): string {
      this.note('filter', getTaskContext(host));
      return 'caught';
    }
    private note(by: string, task: TaskContext): number {
      return seen.push([by, this.number, this.unit.task === task]);
    }
  }
  class Guard extends Enhancer {}
  class Interceptor extends Enhancer {}
  class Pipe extends Enhancer {}
  class ParameterPipe extends Enhancer {}
  @Catch()
  class Filter extends Enhancer {}
  for (const type of [Guard, Interceptor, Pipe, ParameterPipe, Filter]) Injectable({ scope })(type);

  @Injectable()
  class Surrounded {
    @TaskHandler('surrounded')
    @UseGuards(Guard)
    @UseInterceptors(Interceptor)
    @UsePipes(Pipe)
    @UseFilters(Filter)
    run(_data: unknown): never {
      throw new Error('raw');
    }

    @TaskHandler('parameter')
    parameter(@TaskData(ParameterPipe) data: unknown): unknown {
      return data;
    }
  }

  it('is made for each task, and knows of it', async () => {
    const app = await start([Unit, Surrounded]);
    expect(await results(app, 'surrounded', [1])).toEqual(['caught']);
    expect(await results(app, 'surrounded', [2])).toEqual(['caught']);
    const by = ['guard', 'interceptor', 'pipe', 'filter'];
    expect(seen.map(([each]) => each)).toEqual([...by, ...by]);
    expect(new Set(seen.map(([, number]) => number)).size).toBe(8);
    expect(seen.every(([, , isTheTask]) => isTheTask)).toBe(true);
  });

  it('is so for a parameter, too', async () => {
    expect(await results(await start([Unit, Surrounded]), 'parameter', ['a', 'b'])).toEqual(['a', 'b']);
    expect(seen.map(([each, , isTheTask]) => [each, isTheTask])).toEqual([
      ['pipe', true],
      ['pipe', true],
    ]);
    expect(new Set(seen.map(([, number]) => number)).size).toBe(2);
  });

  it('is so if it is global, and kept away if that is asked for', async () => {
    class Plain {
      @TaskHandler('plain')
      run(data: { fail?: boolean }): string {
        if (data.fail) throw new Error('raw');
        return 'done';
      }
    }
    const globals = [APP_GUARD, APP_INTERCEPTOR, APP_PIPE, APP_FILTER].map((provide) => ({
      provide,
      useClass: Enhancer,
      scope,
    }));
    const app = await start([Unit, Plain, ...globals]);
    expect(await results(app, 'plain', [{}])).toEqual(['done']);
    expect(await results(app, 'plain', [{ fail: true }])).toEqual(['caught']);
    const by = ['guard', 'interceptor', 'pipe'];
    expect(seen.map(([each]) => each)).toEqual([...by, ...by, 'filter']);
    expect(seen.every(([, number, isTheTask]) => number > 0 && isTheTask)).toBe(true);

    seen = [];
    const apart = await start([Unit, Plain, ...globals], {
      globalEnhancers: false,
      queues: {},
      prefix: `${fixture.prefix}2:`,
    });
    expect(await results(apart, 'plain', [{}])).toEqual(['done']);
    expect(seen).toEqual([]);
  });
});

it('what is transient around a static handler is made for each task, whatever it depends on', async () => {
  @Injectable({ scope: Scope.TRANSIENT })
  class Guard extends Counted implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      seen.push([this.number, getTaskContext(context).data]);
      return true;
    }
  }
  const seen: [number: number, data: unknown][] = [];
  @Injectable()
  class Tasks extends Counted {
    @TaskHandler('guarded')
    @UseGuards(Guard)
    run(): number {
      return this.number;
    }
  }
  expect(await results(await start([Tasks]), 'guarded', ['a', 'b'])).toEqual([1, 1]);
  expect(seen.map(([, data]) => data)).toEqual(['a', 'b']);
  expect(new Set(seen.map(([number]) => number)).size).toBe(2);
  expect(seen.every(([number]) => number > 1)).toBe(true);
});

describe('what cannot be made', () => {
  it('fails the attempt, and is tried again by the rules of the task', async () => {
    let tries = 0;
    @Injectable({ scope: Scope.REQUEST })
    class Tasks {
      constructor() {
        if (++tries < 3) throw new Error('no connection');
      }
      @TaskHandler('constructor', { attempts: 3, backoff: 1 })
      run(): string {
        return 'done';
      }
    }
    const app = await start([Tasks]);
    const [end] = await ends(app, 'constructor', [1]);
    expect(end).toMatchObject({ result: 'done', attempt: 3 });
    expect(app.log.of('warn').filter((line) => line.includes('no connection'))).toHaveLength(2);
    expect(app.log.of('error')).toEqual([]);
  });

  it.each([
    ['a factory that rejects', () => Promise.reject(new Error('no tenant')), 'Error', 2],
    ['one that says that it is for good', () => Promise.reject(new FailTask('no tenant')), 'FailTask', 1],
  ])('is %s', async (_, useFactory, name, attempt) => {
    @Injectable()
    class Tasks {
      constructor(@Inject('tenant') readonly tenant: unknown) {}
      @TaskHandler('factory', { attempts: 2, backoff: 1 })
      @UseGuards({ canActivate: () => true })
      run(): void {}
    }
    const app = await start([{ provide: 'tenant', scope: Scope.REQUEST, useFactory }, Tasks]);
    const [end] = await ends(app, 'factory', [1], 'failed');
    expect(end).toMatchObject({ attempt, error: { name, message: 'no tenant' } });
  });

  it('fails all tasks of a batch, and others of the queue go on', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tasks {
      constructor() {
        throw new Error('never');
      }
      @TaskHandler('batch', { batch })
      run(_data: unknown[]): void {}
    }
    class Plain {
      @TaskHandler('plain')
      run(): string {
        return 'done';
      }
    }
    const app = await start([Tasks, Plain]);
    for (const { error } of await ends(app, 'batch', [1, 2], 'failed')) expect(error?.message).toBe('never');
    expect(await results(app, 'plain', [1])).toEqual(['done']);
  });

  it('does not begin a handler whose time is over before all is made', async () => {
    let release!: (value: string) => void;
    const runs: unknown[] = [];
    @Injectable()
    class Tasks {
      constructor(@Inject('slow') readonly slow: string) {}
      @TaskHandler('late', { timeout: 30 })
      run(): void {
        runs.push(1);
      }
      @TaskHandler('late too', { timeout: 30 })
      @UseInterceptors({ intercept: (_context, next) => next.handle() })
      alsoLate(): void {
        runs.push(2);
      }
    }
    const slow = new Promise<string>((resolve) => (release = resolve));
    const app = await start([{ provide: 'slow', scope: Scope.REQUEST, useFactory: () => slow }, Tasks]);
    for (const name of ['late', 'late too']) {
      expect((await ends(app, name, [1], 'failed'))[0]?.error?.name).toBe('TaskTimeoutError');
    }
    release('at last');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(runs).toEqual([]);
  });
});

describe('after its task', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;

  it('nothing of what was made for it is kept', async () => {
    const instances: WeakRef<object>[] = [];
    class Noted {
      constructor() {
        instances.push(new WeakRef(this));
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class Unit extends Noted {
      constructor(@Inject(REQUEST) readonly task: TaskContext) {
        super();
        instances.push(new WeakRef(task));
      }
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Guard extends Noted implements CanActivate {
      constructor(readonly unit: Unit) {
        super();
      }
      canActivate = (): boolean => true;
    }
    @Injectable()
    class Tasks extends Noted {
      constructor(readonly unit: Unit) {
        super();
      }
      @TaskHandler('many')
      @UseGuards(Guard)
      run(): void {}
    }
    const app = await start([Unit, Tasks], { queues: { default: { status: 'off' } } });
    const tasks = 500;
    await app.producer.addBulk(Array.from({ length: tasks }, (_, n) => ({ name: 'many', data: n })));
    await eventually(() => instances.length >= tasks * 4);
    await eventually(() => {
      gc();
      return instances.filter((each) => each.deref() !== undefined).length <= 20;
    });
  });
});

it('a call is put together for each task where something is scoped, and once else', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Tasks {
    @TaskHandler('scoped')
    @UseGuards({ canActivate: () => true })
    run(): void {}
  }
  class Static {
    @TaskHandler('static')
    @UseGuards({ canActivate: () => true })
    stay(): void {}
  }
  const create = vi.spyOn(ExternalContextCreator.prototype, 'create');
  const app = await start([Tasks, Static]);
  await ends(app, 'scoped', [1, 2]);
  await ends(app, 'static', [1, 2]);
  expect(create.mock.calls.map(([, , method]) => method).sort()).toEqual(['run', 'run', 'stay']);
  create.mockRestore();
});

import { type CanActivate, Inject, Injectable, Scope, UseGuards } from '@nestjs/common';
import {
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TaskContext, TaskHandler, type TaskStatus } from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('durable');

interface Tenant {
  tenant: string;
}

/** As an application has it: a tree of durable providers for each tenant, which a task names as its group or in its data. */
class ByTenant implements ContextIdStrategy {
  private readonly trees = new Map<string, ContextId>();

  attach(contextId: ContextId, request: unknown) {
    const [task] = [request].flat();
    if (!(task instanceof TaskContext)) return undefined;
    const tenant = task.group ?? (task.data as Tenant).tenant;
    const tree = this.trees.get(tenant) ?? ContextIdFactory.create();
    this.trees.set(tenant, tree);
    return {
      resolve: ({ isTreeDurable }: HostComponentInfo): ContextId => (isTreeDurable ? tree : contextId),
      payload: { tenant },
    };
  }
}

beforeEach(() => ContextIdFactory.apply(new ByTenant() as ContextIdStrategy));
afterEach(() => ContextIdFactory.apply(undefined as never));

let made: string[];
beforeEach(() => void (made = []));

@Injectable({ scope: Scope.REQUEST, durable: true })
class Database {
  constructor(@Inject(REQUEST) readonly request: Tenant) {
    made.push(request.tenant);
  }
}

@Injectable()
class Report {
  constructor(readonly database: Database) {}
}

@Injectable()
class DurableTasks {
  constructor(
    readonly report: Report,
    @Inject(REQUEST) readonly request: Tenant,
  ) {}

  @TaskHandler('durable')
  run(_data: unknown, task: TaskContext): unknown {
    return [this.report.database.request.tenant, task.attempt];
  }

  @TaskHandler('durable batch', { batch: { size: 2 } })
  runAll(data: unknown[]): unknown[] {
    return data.map(() => this.report.database.request.tenant);
  }
}

@Injectable({ scope: Scope.REQUEST })
class MixedTasks {
  static readonly instances = new Set<object>();
  constructor(
    readonly report: Report,
    @Inject(REQUEST) readonly request: TaskContext,
  ) {
    MixedTasks.instances.add(this);
  }

  @TaskHandler('mixed')
  run(data: unknown, task: TaskContext): unknown {
    return [this.report.database.request.tenant, this.request === task, data];
  }
}

async function ends(
  { producer, status }: TestApp,
  name: string,
  tenants: string[],
  state: TaskStatus['state'] = 'completed',
): Promise<TaskStatus[]> {
  const all: TaskStatus[] = [];
  for (const tenant of tenants) {
    all.push(await reaches(status, (await producer.add(name, { tenant })).id, state));
  }
  return all;
}

const results = async (...given: Parameters<typeof ends>): Promise<unknown[]> =>
  (await ends(...given)).map(({ result }) => result);

const start = (...providers: object[]): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix }, [Database, Report, ...providers] as never[]);

it('a durable tree is made once for each tenant, and gets the payload of the strategy', async () => {
  const app = await start(DurableTasks);
  expect(await results(app, 'durable', ['acme', 'zeta', 'acme', 'acme'])).toEqual([
    ['acme', 1],
    ['zeta', 1],
    ['acme', 1],
    ['acme', 1],
  ]);
  expect(made).toEqual(['acme', 'zeta']);
});

it('a handler that is not durable is new for each task, and uses the tree of its tenant', async () => {
  MixedTasks.instances.clear();
  const app = await start(MixedTasks);
  const tenants = ['acme', 'zeta', 'acme'];
  expect(await results(app, 'mixed', tenants)).toEqual(tenants.map((tenant) => [tenant, true, { tenant }]));
  expect(made).toEqual(['acme', 'zeta']);
  expect(MixedTasks.instances.size).toBe(3);
});

it('the tenant may be the group of the task', async () => {
  const app = await start(DurableTasks);
  for (const group of ['acme', 'zeta', 'acme']) {
    const { id } = await app.producer.add('durable', {}, { group });
    expect((await reaches(app.status, id, 'completed')).result).toEqual([group, 1]);
  }
  expect(made).toEqual(['acme', 'zeta']);
});

it('of a batch the strategy gets the contexts of all its tasks', async () => {
  expect(await results(await start(DurableTasks), 'durable batch', ['acme'])).toEqual(['acme']);
});

it('a durable guard is made once for each tenant, too', async () => {
  const asked: [number, string][] = [];
  let guards = 0;
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Guard implements CanActivate {
    readonly number = ++guards;
    constructor(readonly database: Database) {}
    canActivate(): boolean {
      return asked.push([this.number, this.database.request.tenant]) > 0;
    }
  }
  class Tasks {
    @TaskHandler('guarded')
    @UseGuards(Guard)
    run(): void {}
  }
  await ends(await start(Tasks), 'guarded', ['acme', 'zeta', 'acme']);
  expect(asked).toEqual([
    [1, 'acme'],
    [2, 'zeta'],
    [1, 'acme'],
  ]);
});

it('a durable provider that could not be made is tried again with the next attempt', async () => {
  let tries = 0;
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class Fragile {
    constructor() {
      if (++tries === 1) throw new Error('no connection');
    }
  }
  @Injectable()
  class Tasks {
    constructor(readonly fragile: Fragile) {}
    @TaskHandler('fragile', { attempts: 2, backoff: 1 })
    run(): boolean {
      return this.fragile instanceof Fragile;
    }
  }
  const app = await start(Fragile, Tasks);
  expect(await ends(app, 'fragile', ['acme'])).toMatchObject([{ result: true, attempt: 2 }]);
  expect(await results(app, 'fragile', ['acme'])).toEqual([true]);
  expect(tries).toBe(2);
});

it('a strategy that cannot read a task fails the attempt with its error', async () => {
  const strategy = { attach: (_: ContextId, request: { headers: { tenant: string } }) => request.headers.tenant };
  ContextIdFactory.apply(strategy as unknown as ContextIdStrategy);
  const [failed] = await ends(await start(DurableTasks), 'durable', ['acme'], 'failed');
  expect(failed?.error).toMatchObject({ name: 'TypeError' });
});

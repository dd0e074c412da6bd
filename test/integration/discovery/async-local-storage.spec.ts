import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  Scope,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { concatMap, interval, map, Observable, take } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { getTaskContext, TaskContext, TaskHandler, TaskProducer } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('stores');
const storage = new AsyncLocalStorage<unknown>();
const TASKS = 40;

/** What a handler found when it began, by task; and whether it found what was entered for it afterwards. */
let found: [began: unknown, kept: boolean][];
beforeEach(() => void (found = []));

const start = (type: object, concurrency: number): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, defaults: { concurrency } }, [type] as never[]);

async function runAll({ producer, status }: TestApp, name: string, count = TASKS): Promise<void> {
  const added = await producer.addBulk(Array.from({ length: count }, (_, data) => ({ name, data })));
  for (const { id } of added) await reaches(status, id, 'completed');
}

/** Gives way to other tasks in between, some more often than others. */
async function interleave(data: number): Promise<void> {
  for (let turn = 0; turn <= data % 4; turn++) await nextTurn();
  await delay(data % 3);
}

/** For each kind of end there is a way in which a store might get into the next task. */
@Injectable()
class Entering {
  @TaskHandler('returns')
  returns(data: unknown): void {
    this.enter(data);
    found.push([this.before, storage.getStore() === data]);
  }

  @TaskHandler('throws', { attempts: 2, backoff: 0 })
  throws(data: unknown, { attempt }: TaskContext): void {
    this.enter(data);
    found.push([this.before, storage.getStore() === data]);
    if (attempt === 1) throw new Error('once more');
  }

  @TaskHandler('awaits')
  async awaits(data: number, task: TaskContext): Promise<void> {
    this.enter(data);
    const { before } = this;
    await interleave(data);
    task.progress(data);
    await interleave(data + 1);
    found.push([before, storage.getStore() === data]);
  }

  @TaskHandler('thenable')
  thenable(data: unknown): PromiseLike<void> {
    this.enter(data);
    found.push([this.before, storage.getStore() === data]);
    // Unlike those of a promise its callbacks are called in the store of the handler.
    // oxlint-disable-next-line unicorn/no-thenable -- it is meant to be one
    return { then: (resolve: () => void) => void setImmediate(resolve) } as never;
  }

  @TaskHandler('observable')
  observable(data: number): Observable<unknown> {
    this.enter(data);
    const { before } = this;
    return interval(1).pipe(
      take(2 + (data % 3)),
      map(() => found.push([before, storage.getStore() === data])),
    );
  }

  @TaskHandler('batch', { batch: { size: 3 } })
  async batch(data: number[]): Promise<void> {
    this.enter(data);
    const { before } = this;
    await interleave(data.length);
    found.push([before, storage.getStore() === data]);
  }

  private before: unknown;
  private enter(data: unknown): void {
    this.before = storage.getStore();
    storage.enterWith(data);
  }
}

describe.each([1, 10])('a store that a handler enters, %i at once', (concurrency) => {
  it.each(['returns', 'throws', 'awaits', 'thenable', 'observable', 'batch'])(
    'is that of its task alone, however that ends (%s)',
    async (name) => {
      await runAll(await start(Entering, concurrency), name);
      expect(found.length).toBeGreaterThanOrEqual(TASKS / 3);
      expect(found.filter(([began, kept]) => began !== undefined || !kept)).toEqual([]);
    },
  );
});

it('a store in which a task is added is not that in which it runs', async () => {
  @Injectable()
  class Chain {
    constructor(private readonly producer: TaskProducer) {}
    @TaskHandler('chain')
    async run(data: number): Promise<void> {
      found.push([storage.getStore(), true]);
      await storage.run(`chain ${data}`, async () => {
        if (data < 5) await this.producer.add('chain', data + 1);
      });
    }
  }
  const { producer } = await start(Chain, 2);
  await storage.run('the caller', () => producer.add('chain', 0));
  await eventually(() => found.length === 6);
  expect(found.every(([store]) => store === undefined)).toBe(true);
});

interface Store {
  id: string;
  data: unknown;
}

const storeOf = ({ id, data }: TaskContext): Store => ({ id, data });

@Injectable()
class EnteringGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    found.push([storage.getStore(), true]);
    storage.enterWith(storeOf(getTaskContext(context)));
    return true;
  }
}

@Injectable()
class RunningInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    found.push([storage.getStore(), true]);
    return storage.run(storeOf(getTaskContext(context)), () => next.handle());
  }
}

/** As wrappers of stores do it: all that is subscribed to runs inside. */
@Injectable()
class SubscribingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    found.push([storage.getStore(), true]);
    return new Observable((subscriber) => {
      storage.run(storeOf(getTaskContext(context)), () => subscriber.add(next.handle().subscribe(subscriber)));
    });
  }
}

/** What each task sees of its store, again and again while others run. */
async function look(data: number, task: TaskContext): Promise<boolean[]> {
  const isMine = (): boolean => {
    const store = storage.getStore() as Store | undefined;
    return store?.id === task.id && store.data === data;
  };
  const looks = [isMine()];
  for (let turn = 0; turn < 3; turn++) {
    await interleave(data + turn);
    looks.push(isMine());
  }
  return looks;
}

class Guarded {
  @TaskHandler('look')
  @UseGuards(EnteringGuard)
  run(data: number, task: TaskContext): Promise<boolean[]> {
    return look(data, task);
  }
}

class GuardedAndIntercepted {
  @TaskHandler('look')
  @UseGuards(EnteringGuard)
  @UseInterceptors({ intercept: (_context, next) => next.handle().pipe(concatMap(async (value) => value as unknown)) })
  run(data: number, task: TaskContext): Promise<boolean[]> {
    return look(data, task);
  }
}

class Intercepted {
  @TaskHandler('look')
  @UseInterceptors(RunningInterceptor)
  run(data: number, task: TaskContext): Promise<boolean[]> {
    return look(data, task);
  }
}

class Subscribed {
  @TaskHandler('look')
  @UseInterceptors(SubscribingInterceptor)
  run(data: number, task: TaskContext): Promise<boolean[]> {
    return look(data, task);
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedAndIntercepted extends Intercepted {
  @TaskHandler('look')
  @UseInterceptors(RunningInterceptor)
  override run(data: number, task: TaskContext): Promise<boolean[]> {
    return look(data, task);
  }
}

describe.each([Guarded, GuardedAndIntercepted, Intercepted, Subscribed, ScopedAndIntercepted])(
  'a store that what stands around a handler enters ($name)',
  (type) => {
    it('is that of the handler, and of nothing else', async () => {
      const app = await start(type, 10);
      const added = await app.producer.addBulk(Array.from({ length: TASKS }, (_, data) => ({ name: 'look', data })));
      for (const { id } of added) {
        expect((await reaches(app.status, id, 'completed')).result).toEqual([true, true, true, true]);
      }
      expect(found.map(([began]) => began)).toEqual(added.map(() => undefined));
    });
  },
);

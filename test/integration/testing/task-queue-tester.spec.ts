import 'reflect-metadata';
import {
  type CallHandler,
  type ExecutionContext,
  type INestApplicationContext,
  Injectable,
  Module,
  type ModuleMetadata,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { map, type Observable } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  isTaskContext,
  getTaskProducerToken,
  getTaskStatusServiceToken,
  RateLimited,
  type RedisTaskQueueOptions,
  RedisTaskQueueModule,
  SnoozeTask,
  type TaskContext,
  TaskConsumers,
  TaskHandler,
  TaskProducer,
  TaskQueueAdmin,
  TaskSchedule,
  TaskScheduler,
  TaskStatusService,
} from '../../../lib/index.js';
import {
  RedisTaskQueueTestingModule,
  TaskQueueTester,
  type TaskQueueTestingOptions,
} from '../../../lib/testing/index.js';
import { startScript } from '../../support/start-script.js';

const open = new Set<INestApplicationContext>();

afterEach(async () => {
  for (const app of open) await app.close();
  open.clear();
});

class Shout implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => (isTaskContext(context) ? `${String(value)}!` : value)));
  }
}

/** What handlers do is told by their data. */
@Injectable()
class Tasks {
  readonly ran: string[] = [];

  constructor(private readonly producer: TaskProducer) {}

  @TaskHandler('work', { attempts: 3, backoff: { type: 'fixed', delay: '1m' } })
  work({ say, failures = 0 }: { say: string; failures?: number }, { attempt }: TaskContext): string {
    this.ran.push(say);
    if (attempt <= failures) throw new Error(`no ${attempt}`);
    return say;
  }

  @UseInterceptors(Shout)
  @TaskHandler('shout')
  shout(text: string): string {
    return text;
  }

  @TaskHandler('tell', { attempts: 2, backoff: { type: 'fixed', delay: '1m' } })
  tell(_data: unknown, task: TaskContext): void {
    task.log(`told ${task.attempt}`);
    task.progress(task.attempt);
    if (task.attempt === 1) throw new Error('again');
  }

  @TaskHandler('chain', { queue: 'chains' })
  async chain(length: number): Promise<number> {
    this.ran.push(`chain ${length}`);
    if (length > 1) await this.producer.add('chain', length - 1);
    return length;
  }

  @TaskHandler('gather', { queue: 'batches', batch: { size: 3, maxWait: '1h' } })
  gather(texts: string[]): void {
    this.ran.push(texts.join('+'));
  }

  @TaskHandler('limited', { rate: { max: 2, per: '10s' } })
  limited(text: string): void {
    this.ran.push(text);
  }

  @TaskHandler('wait')
  wait(kind: string, { attempt }: TaskContext): void {
    this.ran.push(`${kind} ${attempt}`);
    if (this.ran.length > 1) return;
    throw kind === 'snooze' ? new SnoozeTask('5m') : new RateLimited('5m');
  }

  @TaskHandler('tick')
  @TaskSchedule('0 8 * * *', { name: 'morning', timezone: 'UTC', data: { say: 'morning' } })
  tick({ say }: { say: string }, { id }: TaskContext): void {
    this.ran.push(`${say} ${id}`);
  }
}

interface Started {
  app: INestApplicationContext;
  tester: TaskQueueTester;
  producer: TaskProducer;
  status: TaskStatusService;
  tasks: Tasks;
}

const NOON = new Date('2026-03-02T12:00:00Z');

async function start(
  options: RedisTaskQueueOptions & TaskQueueTestingOptions = {},
  providers: NonNullable<ModuleMetadata['providers']> = [Tasks],
): Promise<Started> {
  const imports = [RedisTaskQueueTestingModule.forRoot({ now: NOON, ...options })];
  const app = await Test.createTestingModule({ imports, providers }).compile();
  open.add(app);
  await app.init();
  return started(app);
}

function started(app: INestApplicationContext): Started {
  return {
    app,
    tester: TaskQueueTester.of(app),
    producer: app.get(TaskProducer),
    status: app.get(TaskStatusService),
    tasks: app.get(Tasks, { strict: false }),
  };
}

describe('drain', () => {
  it('runs what is due in order, and nothing runs before', async () => {
    const { producer, tester, tasks, status } = await start();
    const { id } = await producer.add('work', { say: 'a' });
    await producer.add('work', { say: 'later' }, { delay: 1 });
    await producer.add('work', { say: 'b' }, { priority: 5 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tasks.ran).toEqual([]);
    expect(await status.get(id)).toMatchObject({ state: 'waiting', createdAt: NOON });

    expect(await tester.drain()).toMatchObject([
      { name: 'work', data: { say: 'b' }, state: 'completed', attempt: 1, result: 'b', error: null },
      { id, queue: 'default', data: { say: 'a' }, state: 'completed' },
    ]);
    expect(await status.get(id)).toMatchObject({ state: 'completed', result: 'a', startedAt: NOON, finishedAt: NOON });
    expect(await tester.drain()).toEqual([]);
  });

  it('runs what handlers add meanwhile, on other queues, too', async () => {
    const { producer, tester, tasks } = await start();
    await producer.add('work', { say: 'a' });
    await producer.add('chain', 3);
    await producer.add('work', { say: 'b' });
    await tester.drain();
    expect(tasks.ran.toSorted()).toEqual(['a', 'b', 'chain 1', 'chain 2', 'chain 3']);
  });

  it('runs handlers through their enhancers', async () => {
    const { producer, tester } = await start();
    await producer.add('shout', 'hey');
    expect(await tester.drain()).toMatchObject([{ result: 'hey!' }]);
  });

  it('hands batches out that are full, and the rest without waiting for more', async () => {
    const { producer, tester, tasks } = await start();
    await producer.addBulk(['a', 'b', 'c', 'd'].map((data) => ({ name: 'gather', data })));
    expect(await tester.runNext()).toMatchObject({ data: 'a', state: 'completed' });
    await tester.drain();
    expect(tasks.ran).toEqual(['a', 'b+c+d']);
  });

  it('runs a thousand tasks in little time', async () => {
    const { producer, tester } = await start();
    await producer.addBulk(Array.from({ length: 1_000 }, (_, n) => ({ name: 'work', data: { say: `${n}` } })));
    const ran = await tester.drain();
    expect(ran.map(({ result }) => result)).toEqual(Array.from({ length: 1_000 }, (_, n) => `${n}`));
  });
});

describe('advance', () => {
  it('runs everything at its time', async () => {
    const { producer, tester, tasks, status } = await start();
    const { id } = await producer.add('work', { say: 'a', failures: 2 }, { delay: '1h' });
    await producer.add('work', { say: 'b' }, { delay: '61m' });
    await producer.add('work', { say: 'c' }, { delay: '2h' });
    expect(await tester.advance('59m')).toEqual([]);
    expect(await tester.advance('1m')).toMatchObject([
      { id, state: 'retrying', attempt: 1, error: { message: 'no 1' }, result: null },
    ]);
    expect(await status.get(id)).toMatchObject({ state: 'retrying', dueAt: new Date('2026-03-02T13:01:00Z') });
    expect((await tester.advance('10m')).map(({ data, state }) => [data, state])).toMatchObject([
      [{ say: 'b' }, 'completed'],
      [{ say: 'a' }, 'retrying'],
      [{ say: 'a' }, 'completed'],
    ]);
    expect(tester.now).toEqual(new Date('2026-03-02T13:10:00Z'));
    expect(await status.get(id)).toMatchObject({
      state: 'completed',
      attempt: 3,
      finishedAt: new Date('2026-03-02T13:02:00Z'),
    });
    await tester.advance('50m');
    expect(tasks.ran).toEqual(['a', 'b', 'a', 'a', 'c']);
  });

  it('keeps what handlers log, and their progress', async () => {
    const { producer, tester, status } = await start();
    const { id } = await producer.add('tell', null);
    await tester.drain();
    expect(await status.get(id)).toMatchObject({ state: 'retrying', progress: 1 });
    expect(await status.logs(id)).toMatchObject([{ attempt: 1, line: 'told 1' }]);
    await tester.advance('1h');
    expect(await status.get(id)).toMatchObject({ state: 'completed', progress: 2 });
    expect((await status.logs(id, { offset: 1 })).map(({ line }) => line)).toEqual(['told 2']);
    expect(await status.logs('default:nobody')).toEqual([]);
    await tester.clear();
    expect(await status.logs(id)).toEqual([]);
  });

  it('fails for good after the last attempt, and a dead letter can be put back', async () => {
    const { app, producer, tester } = await start();
    const { id } = await producer.add('work', { say: 'a', failures: 3 });
    expect((await tester.advance('1h')).map(({ state }) => state)).toEqual(['retrying', 'retrying', 'failed']);
    expect(await app.get(TaskQueueAdmin).retry(id)).toBe(true);
    expect(await tester.runNext()).toMatchObject({ id, attempt: 1, state: 'retrying' });
  });

  it('makes the ticks of schedules, those of the code and those of callers', async () => {
    const { app, tester, tasks } = await start();
    const scheduler = app.get(TaskScheduler);
    await scheduler.upsert('often', { task: 'work', every: '6h', data: { say: 'often' } });
    await tester.advance('2d');
    expect(tasks.ran).toEqual([
      'often',
      'often',
      'often',
      'morning default:schedule:morning:2026-03-03T08:00:00.000Z',
      'often',
      'often',
      'often',
      'often',
      'morning default:schedule:morning:2026-03-04T08:00:00.000Z',
      'often',
    ]);
    expect(await scheduler.get('morning')).toMatchObject({ nextTick: new Date('2026-03-05T08:00:00Z') });
  });

  it('forgets statuses and keys at their time', async () => {
    const { producer, tester, status } = await start({ defaults: { retention: { completed: '1h' } } });
    const { id } = await producer.add('work', { say: 'a' }, { throttle: { key: 'k', per: '30m' } });
    await tester.drain();
    expect((await producer.add('work', { say: 'b' }, { throttle: { key: 'k', per: '30m' } })).outcome).toBe(
      'duplicate',
    );
    await tester.advance('30m');
    expect((await producer.add('work', { say: 'c' }, { throttle: { key: 'k', per: '30m' } })).outcome).toBe('created');
    expect(await status.get(id)).not.toBeNull();
    await tester.advance('30m');
    expect(await status.get(id)).toBeNull();
  });

  it('cancels what has expired', async () => {
    const { producer, tester, status } = await start();
    const { id } = await producer.add('work', { say: 'a' }, { expiresIn: '1m' });
    expect(tester.added('work')).toMatchObject([{ expiresAt: new Date('2026-03-02T12:01:00Z') }]);
    const running = tester.advance('2m');
    expect(await running).toMatchObject([{ state: 'completed' }]);
    const late = await producer.add('work', { say: 'b' }, { expiresIn: '1m' });
    // Nothing takes it before its time is over.
    (tester as unknown as { clock: { moveTo(ms: number): void } }).clock.moveTo(tester.now.getTime() + 120_000);
    expect(await tester.drain()).toMatchObject([{ id: late.id, state: 'cancelled' }]);
    expect(await status.get(late.id)).toMatchObject({ reason: 'expired' });
    expect(await status.get(id)).toMatchObject({ state: 'completed' });
  });

  it('goes by rates', async () => {
    const { producer, tester, tasks } = await start();
    await producer.addBulk([1, 2, 3, 4, 5].map((n) => ({ name: 'limited', data: `${n}` })));
    expect(await tester.drain()).toHaveLength(2);
    expect(await tester.advance('9999ms')).toHaveLength(0);
    expect(await tester.advance('1ms')).toHaveLength(2);
    await tester.advance('10s');
    expect(tasks.ran).toEqual(['1', '2', '3', '4', '5']);
  });

  it.each([
    ['snooze', 'scheduled'],
    ['limit', 'waiting'],
  ])('comes back to what was put off: %s', async (kind, state) => {
    const { producer, tester, tasks } = await start();
    await producer.add('wait', kind);
    expect(await tester.drain()).toMatchObject([{ state }]);
    expect(await tester.advance('299s')).toEqual([]);
    expect(await tester.advance('1s')).toMatchObject([{ state: 'completed' }]);
    expect(tasks.ran).toEqual([`${kind} 1`, `${kind} 1`]);
  });

  it.each([-1, 'soon', '101y', null])('refuses %s', async (duration) => {
    const { tester } = await start();
    await expect(tester.advance(duration as never)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('runNext', () => {
  it('runs one task, and tells what became of it', async () => {
    const { producer, tester, tasks } = await start();
    await producer.add('work', { say: 'a', failures: 1 });
    await producer.add('work', { say: 'b' });
    expect(await tester.runNext()).toMatchObject({ state: 'retrying', error: { name: 'Error', message: 'no 1' } });
    expect(tasks.ran).toEqual(['a']);
    expect(await tester.runNext()).toMatchObject({ state: 'completed', result: 'b' });
    expect(await tester.runNext()).toBeNull();
  });

  it('passes over what was called off', async () => {
    const { app, producer, tester } = await start();
    const { id } = await producer.add('work', { say: 'a' });
    await producer.add('work', { say: 'b' });
    expect(await app.get(TaskQueueAdmin).cancel(id)).toEqual({ cancelled: true, state: 'waiting' });
    expect(await tester.runNext()).toMatchObject({ result: 'b' });
  });
});

describe('added', () => {
  it('tells what was added, data and options, whoever did it', async () => {
    const { app, producer, tester } = await start();
    await producer.add('work', { say: 'a' }, { delay: '1h', attempts: 5 });
    await producer.add('work', { say: 'b' }, { group: 'g' });
    await producer.add('chain', 2);
    await app.get(TaskScheduler).runNow('morning');
    expect(tester.added('work')).toMatchObject([
      { queue: 'default', data: { say: 'a' }, delayMs: 3_600_000, options: { attempts: 5 }, group: null, priority: 0 },
      { data: { say: 'b' }, delayMs: 0, group: 'g', options: {} },
    ]);
    await tester.drain();
    expect(tester.added().map(({ name, data }) => [name, data])).toEqual([
      ['work', { say: 'a' }],
      ['work', { say: 'b' }],
      ['chain', 2],
      ['tick', { say: 'morning' }],
      ['chain', 1],
    ]);
  });

  it('has one record of what was added in vain or replaced', async () => {
    const { producer, tester } = await start();
    for (const say of ['a', 'b']) await producer.add('work', { say }, { debounce: { wait: '1m', key: 'k' } });
    for (const say of ['c', 'd']) await producer.add('work', { say }, { id: 'own' });
    expect(tester.added().map(({ data }) => data)).toEqual([{ say: 'b' }, { say: 'c' }]);
  });
});

describe('clear', () => {
  it('forgets tasks and what was added, and nothing else', async () => {
    const { app, producer, tester, status } = await start();
    const { id } = await producer.add('work', { say: 'a' }, { id: 'own' });
    await producer.add('work', { say: 'b' }, { delay: '1h' });
    await tester.clear();
    expect([await tester.advance('2h'), tester.added(), await status.get(id)]).toEqual([[], [], null]);
    expect(await producer.add('work', { say: 'c' }, { id: 'own' })).toMatchObject({ created: true });
    expect(await app.get(TaskScheduler).get('morning')).not.toBeNull();
  });
});

describe('inline', () => {
  it('add returns when the task has run, and what that has added', async () => {
    const { producer, tasks, status } = await start({ inline: true });
    const { id } = await producer.add('work', { say: 'a' });
    expect(await status.get(id)).toMatchObject({ state: 'completed', result: 'a' });
    await producer.add('chain', 3);
    expect(tasks.ran).toEqual(['a', 'chain 3', 'chain 2', 'chain 1']);
    await producer.addBulk([{ name: 'work', data: { say: 'b' } }]);
    await Promise.all(['c', 'd'].map((say) => producer.add('work', { say })));
    expect(tasks.ran.slice(4)).toEqual(['b', 'c', 'd']);
  });

  it('resolves however the handler ends, and leaves what is due later to advance', async () => {
    const { producer, status, tester } = await start({ inline: true });
    const { id } = await producer.add('work', { say: 'a', failures: 1 });
    expect(await status.get(id)).toMatchObject({ state: 'retrying', error: { message: 'no 1' } });
    await producer.add('work', { say: 'b' }, { delay: '1h' });
    expect(await tester.advance('1h')).toMatchObject([{ result: 'a' }, { result: 'b' }]);
  });

  it('adds only, as long as the application has not started', async () => {
    @Injectable()
    class Early {
      constructor(private readonly producer: TaskProducer) {}

      async onModuleInit(): Promise<void> {
        await this.producer.add('work', { say: 'early' });
      }
    }
    const { producer, tasks } = await start({ inline: true }, [Tasks, Early]);
    expect(tasks.ran).toEqual([]);
    await producer.add('work', { say: 'a' });
    expect(tasks.ran).toEqual(['early', 'a']);
  });
});

describe('an application that imports the module of Redis', () => {
  @Module({
    imports: [RedisTaskQueueModule.forRoot({ redis: 'redis://127.0.0.1:1', tasks: { work: { attempts: 1 } } })],
    providers: [Tasks],
  })
  class AppModule {}

  it('keeps its options, and needs no Redis', async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    const app = await RedisTaskQueueTestingModule.replaceRedis(builder, { now: NOON, inline: true }).compile();
    open.add(app);
    await app.init();
    const { producer, tester } = started(app);
    await producer.add('work', { say: 'a', failures: 1 });
    expect(tester.now).toEqual(NOON);
    expect(await tester.advance('1h')).toEqual([]);
    expect(tester.added('work')).toHaveLength(1);
    expect(TaskQueueTester.of(app)).toBe(tester);
  });
});

describe('the rest of the application', () => {
  it('pauses and resumes queues', async () => {
    const { app, producer, tester } = await start();
    const consumers = app.get(TaskConsumers);
    consumers.pause('default');
    await producer.add('work', { say: 'a' });
    await producer.add('chain', 1);
    expect(await tester.drain()).toMatchObject([{ name: 'chain' }]);
    expect(await tester.advance('1h')).toEqual([]);
    consumers.resume('default');
    expect(await tester.drain()).toMatchObject([{ name: 'work' }]);
    await consumers.stop('default');
    await producer.add('work', { say: 'b' });
    expect(await tester.drain()).toEqual([]);
    await consumers.start('default');
    expect(await tester.drain()).toMatchObject([{ result: 'b' }]);
  });

  it('waits for tasks that the test runs', async () => {
    const { producer, tester, status } = await start();
    const { id } = await producer.add('work', { say: 'a', failures: 1 });
    const result = status.wait(id);
    await tester.advance('1m');
    expect(await result).toBe('a');
  });

  it('calls off what runs', async () => {
    @Injectable()
    class Cancelling {
      constructor(private readonly admin: TaskQueueAdmin) {}

      @TaskHandler('cancelling')
      async run(_: null, { id, signal }: TaskContext): Promise<void> {
        await this.admin.cancel(id);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
    }
    const { producer, tester } = await start({}, [Tasks, Cancelling]);
    await producer.add('cancelling');
    expect(await tester.drain()).toMatchObject([{ state: 'cancelled' }]);
  });

  it('has instances, each with a tester of its own', async () => {
    @Injectable()
    class Reports {
      @TaskHandler('report', { instance: 'reports' })
      report(text: string): string {
        return text;
      }
    }
    const options = { now: NOON, inline: true };
    const imports = [
      RedisTaskQueueTestingModule.forRoot({ now: NOON }),
      RedisTaskQueueTestingModule.forRoot({ name: 'reports', ...options }),
    ];
    const app = await Test.createTestingModule({ imports, providers: [Tasks, Reports] }).compile();
    open.add(app);
    await app.init();
    await app.get<TaskProducer>(getTaskProducerToken('reports')).add('report', 'done');
    await app.get(TaskProducer).add('work', { say: 'a' });
    const tester = TaskQueueTester.of(app, 'reports');
    expect(tester.added()).toMatchObject([{ name: 'report' }]);
    expect(
      await app.get<TaskStatusService>(getTaskStatusServiceToken('reports')).get(tester.added()[0]!.id),
    ).toMatchObject({
      result: 'done',
    });
    expect(await TaskQueueTester.of(app).drain()).toMatchObject([{ name: 'work' }]);
  });
});

describe('a test with a fake Date', () => {
  afterEach(() => void vi.useRealTimers());

  it('has a clock for tasks beside it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    const { producer, tester } = await start({ now: undefined });
    await producer.add('work', { say: 'a' }, { runAt: new Date(Date.now() + 60_000) });
    expect(await tester.drain()).toEqual([]);
    expect(await tester.advance('1m')).toMatchObject([{ result: 'a' }]);
  });
});

describe('a process', () => {
  it('opens no connection, and ends by itself once the application is closed', async () => {
    const script = startScript(new URL('./scripts/in-memory-app.ts', import.meta.url), {
      env: { REDIS_URL: 'redis://127.0.0.1:1' },
    });
    expect(JSON.parse(await script.nextLine())).toEqual({ results: ['done', 'tick'], connections: 0 });
    const printedAt = performance.now();
    expect(await script.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - printedAt).toBeLessThan(3_000);
  });
});

describe('mistakes', () => {
  it('of a test that has not initialised the application, or has closed it', async () => {
    const imports = [RedisTaskQueueTestingModule.forRoot()];
    const app = await Test.createTestingModule({ imports, providers: [Tasks] }).compile();
    const tester = app.get(TaskQueueTester);
    const refusal = { code: 'TESTER_MISUSED', message: expect.stringContaining('app.init()') as string };
    await expect(tester.drain()).rejects.toMatchObject(refusal);
    await app.init();
    expect(await tester.drain()).toEqual([]);
    await app.close();
    await expect(tester.runNext()).rejects.toMatchObject(refusal);
  });

  it('of a handler that waits for others', async () => {
    @Injectable()
    class Waiting {
      @TaskHandler('waiting')
      async wait(): Promise<unknown> {
        return TaskQueueTester.of([...open][0]!).drain();
      }
    }
    const { producer, tester } = await start({}, [Tasks, Waiting]);
    await producer.add('waiting');
    expect(await tester.drain()).toMatchObject([{ state: 'failed', error: { name: 'TaskQueueTesterError' } }]);
  });

  it('of a handler that adds itself for ever', async () => {
    @Injectable()
    class Endless {
      constructor(private readonly producer: TaskProducer) {}

      @TaskHandler('endless')
      async again(): Promise<void> {
        await this.producer.add('endless');
      }
    }
    const { producer, tester } = await start({}, [Tasks, Endless]);
    await producer.add('endless');
    await expect(tester.drain()).rejects.toMatchObject({ code: 'TESTER_MISUSED' });
  });

  it.each([{ inline: 'yes' }, { now: 5 }, { now: new Date(NaN) }])('of options: %o', (options) => {
    expect(() => RedisTaskQueueTestingModule.forRoot(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it('of what only Redis can do', async () => {
    const { app } = await start();
    const admin = app.get(TaskQueueAdmin);
    for (const call of [
      admin.repair('default'),
      admin.move('default', 'other'),
      admin.obliterate('default'),
      admin.purge('default', 'completed', 0),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'NOT_IN_MEMORY' });
    }
  });
});

describe('an administrator', () => {
  it('pauses a queue: nothing of it runs until it is resumed, whatever time passes', async () => {
    const { app, producer, tester } = await start();
    const admin = app.get(TaskQueueAdmin);
    expect(await admin.pause('default')).toBe(true);
    await producer.add('work', { say: '1' });
    await producer.add('work', { say: '2' }, { delay: '1h' });
    expect(await tester.drain()).toEqual([]);
    expect(await tester.advance('2h')).toEqual([]);
    expect(await admin.resume('default')).toBe(true);
    expect(await tester.drain()).toHaveLength(2);
  });

  it('drops what waits, all of it or one', async () => {
    const { app, producer, status, tester } = await start();
    const admin = app.get(TaskQueueAdmin);
    const { id } = await producer.add('work', { say: '1' });
    expect(await admin.remove(id)).toBe(true);
    expect(await status.get(id)).toBeNull();
    const { id: waiting } = await producer.add('work', { say: '2' });
    const { id: later } = await producer.add('work', { say: '3' }, { delay: '1h' });
    expect(await admin.drain('default', { scheduled: true })).toMatchObject({ done: 2 });
    expect(await status.get(waiting)).toMatchObject({ state: 'cancelled', reason: 'drained' });
    expect((await status.get(later))?.state).toBe('cancelled');
    expect(await tester.advance('2h')).toEqual([]);
  });
});

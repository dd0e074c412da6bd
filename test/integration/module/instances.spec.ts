import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  getTaskProducerToken,
  getTaskQueueAdminToken,
  getTaskSchedulerToken,
  getTaskStatusServiceToken,
  InjectTaskProducer,
  InjectTaskQueueAdmin,
  InjectTaskScheduler,
  InjectTaskStatusService,
  RedisTaskQueueModule,
  type RedisTaskQueueOptions,
  type TaskContext,
  TaskHandler,
  TaskProducer,
  TaskQueueAdmin,
  TaskSchedule,
  TaskScheduler,
  TaskStatusService,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { privateRedis } from '../../support/private-redis.js';
import { startModule, stopApp, type TestApp } from '../../support/test-app.js';

const main = privateRedis();
const other = privateRedis();

let ran: string[] = [];
beforeEach(() => (ran = []));

@Injectable()
class Tasks {
  @TaskHandler('note')
  note(text: string): void {
    ran.push(`main ${text}`);
  }

  @TaskHandler('note', { instance: 'reports' })
  noteReport(text: string): void {
    ran.push(`reports ${text}`);
  }
}

/** An application with a default instance and one that is called `reports`, on servers of their own. */
async function start(
  providers: ModuleMetadata['providers'],
  ofMain: RedisTaskQueueOptions = {},
  ofReports: RedisTaskQueueOptions = {},
): Promise<TestApp> {
  return startImports(
    [
      RedisTaskQueueModule.forRoot({ redis: main.url, ...ofMain }),
      RedisTaskQueueModule.forRoot({ name: 'reports', redis: other.url, ...ofReports }),
    ],
    providers,
  );
}

async function startImports(
  imports: NonNullable<ModuleMetadata['imports']>,
  providers: ModuleMetadata['providers'] = [],
): Promise<TestApp> {
  @Module({ imports, providers: providers ?? [] })
  class AppModule {}
  return startModule(AppModule);
}

const reportsOf = ({ app }: TestApp): TaskProducer => app.get(getTaskProducerToken('reports'));

describe('A named instance', () => {
  it('has a server, handlers and queues of its own, whatever their names are', async () => {
    const started = await start([Tasks]);
    const { id } = await started.producer.add('note', 'one');
    const reported = await reportsOf(started).add('note', 'two');
    await eventually(() => ran.length === 2);
    expect(ran.sort()).toEqual(['main one', 'reports two']);
    const status = started.app.get<TaskStatusService>(getTaskStatusServiceToken('reports'));
    await eventually(async () => (await status.get(reported.id))?.state === 'completed');
    expect(await status.get(id)).toBeNull();
    expect(await started.status.get(reported.id)).toBeNull();
  });

  it('may share its handler methods with another one', async () => {
    @Injectable()
    class Shared {
      @TaskHandler('both')
      @TaskHandler('both', { instance: 'reports', queue: 'other' })
      both(_data: unknown, task: TaskContext): void {
        ran.push(task.queue);
      }
    }
    const started = await start([Shared]);
    await started.producer.add('both');
    await reportsOf(started).add('both');
    await eventually(() => ran.length === 2);
    expect(ran.sort()).toEqual(['default', 'other']);
  });

  it('takes its options from a factory, its name stands beside it', async () => {
    const started = await startImports([
      RedisTaskQueueModule.forRootAsync({ useFactory: () => ({ redis: main.url }) }),
      RedisTaskQueueModule.forRootAsync({
        name: 'reports',
        useFactory: () => Promise.resolve({ redis: other.url, prefix: 'r:' }),
      }),
    ]);
    await reportsOf(started).add('x');
    expect(await main.redis.dbsize()).toBe(0);
    expect(await other.redis.exists('r:task_queue:{default}')).toBe(1);
  });

  it('may be the only one', async () => {
    @Injectable()
    class Reports {
      constructor(@InjectTaskProducer('reports') readonly producer: TaskProducer) {}
      @TaskHandler('note', { instance: 'reports' })
      note(text: string): void {
        ran.push(text);
      }
    }
    // There is no default one, for which the test's support looks.
    const none = [TaskProducer, TaskStatusService].map((provide) => ({ provide, useValue: null }));
    const started = await startImports(
      [RedisTaskQueueModule.forRoot({ name: 'reports', redis: other.url })],
      [Reports, ...none],
    );
    await started.app.get(Reports).producer.add('note', 'it runs');
    await eventually(() => ran.length === 1);
  });

  it('says in the log who it is', async () => {
    const started = await start([Tasks], {}, { redis: `${other.url}/99`, commandTimeout: 200 });
    await eventually(() => started.log.of('error').length > 0);
    expect(started.log.contexts('error')).toEqual(['RedisTaskQueueModule(reports)']);
    expect(new Set(started.log.contexts('log'))).toEqual(
      new Set(['NestFactory', 'InstanceLoader', 'RedisTaskQueueModule', 'RedisTaskQueueModule(reports)']),
    );
  });

  it('keeps the schedules of its handlers', async () => {
    @Injectable()
    class Scheduled {
      @TaskHandler('report')
      @TaskHandler('report', { instance: 'reports' })
      @TaskSchedule({ every: '1h' }, { instance: 'reports', name: 'hourly' })
      @TaskSchedule('0 8 * * *', { instance: 'default', name: 'daily' })
      report(): void {}
    }
    const started = await start([Scheduled]);
    const ofReports = started.app.get<TaskScheduler>(getTaskSchedulerToken('reports'));
    const names = async (scheduler: TaskScheduler): Promise<string[]> =>
      (await scheduler.list()).map(({ name }) => name);
    await eventually(async () => (await names(ofReports)).length > 0);
    expect(await names(ofReports)).toEqual(['hourly']);
    await eventually(async () => (await names(started.app.get(TaskScheduler))).length > 0);
    expect(await names(started.app.get(TaskScheduler))).toEqual(['daily']);
  });

  it('has to be named by a schedule that could belong to either', async () => {
    @Injectable()
    class Scheduled {
      @TaskHandler('report')
      @TaskHandler('report', { instance: 'reports' })
      @TaskSchedule({ every: '1h' })
      report(): void {}
    }
    await expect(start([Scheduled])).rejects.toMatchObject({
      code: 'INVALID_SCHEDULE',
      message: expect.stringContaining('"report" on queue "default" of instance "reports"') as string,
    });
  });
});

describe('What an instance offers', () => {
  const classes = [TaskProducer, TaskStatusService, TaskQueueAdmin, TaskScheduler];
  const tokens = [getTaskProducerToken, getTaskStatusServiceToken, getTaskQueueAdminToken, getTaskSchedulerToken];

  it('can be injected everywhere, by class or by name', async () => {
    @Injectable()
    class Feature {
      readonly main: unknown[];
      readonly alsoMain: unknown[];
      readonly reports: unknown[];

      constructor(
        producer: TaskProducer,
        status: TaskStatusService,
        admin: TaskQueueAdmin,
        scheduler: TaskScheduler,
        @InjectTaskProducer('reports') producerOfReports: TaskProducer,
        @InjectTaskStatusService('reports') statusOfReports: TaskStatusService,
        @InjectTaskQueueAdmin('reports') adminOfReports: TaskQueueAdmin,
        @InjectTaskScheduler('reports') schedulerOfReports: TaskScheduler,
        @InjectTaskProducer() sameProducer: TaskProducer,
        @InjectTaskStatusService('default') sameStatus: TaskStatusService,
      ) {
        this.main = [producer, status, admin, scheduler];
        this.alsoMain = [sameProducer, sameStatus];
        this.reports = [producerOfReports, statusOfReports, adminOfReports, schedulerOfReports];
      }
    }
    @Module({ providers: [Feature] })
    class FeatureModule {}
    const { app } = await startImports([
      FeatureModule,
      RedisTaskQueueModule.forRoot({ redis: main.url }),
      RedisTaskQueueModule.forRoot({ name: 'reports', redis: other.url }),
    ]);
    const feature = app.get(Feature, { strict: false });
    expect(feature.main.map((service) => service?.constructor)).toEqual(classes);
    expect(feature.reports.map((service) => service?.constructor)).toEqual(classes);
    expect(new Set([...feature.main, ...feature.reports]).size).toBe(8);
    expect(feature.alsoMain).toEqual(feature.main.slice(0, 2));
    // However many instances there are, and whichever was imported last.
    expect<unknown>(classes.map((type) => app.get(type))).toEqual(feature.main);
    expect<unknown>(tokens.map((token) => app.get(token('reports')))).toEqual(feature.reports);
  });

  it('has the class as the token of the default instance', () => {
    expect(tokens.map((token) => token())).toEqual(classes);
    expect(tokens.map((token) => token('default'))).toEqual(classes);
    expect(new Set(tokens.map((token) => token('reports'))).size).toBe(4);
  });

  it.each(['', 'two words', 'x'.repeat(65), 5 as never, null as never])('refuses the name %j', (name) => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTIONS' }) as Error;
    expect(() => getTaskProducerToken(name)).toThrow(refused);
    expect(() => InjectTaskProducer(name)).toThrow(refused);
    expect(() => TaskHandler('x', { instance: name })).toThrow(refused);
    expect(() => RedisTaskQueueModule.forRoot({ name })).toThrow(refused);
    expect(() => RedisTaskQueueModule.forRootAsync({ name, useFactory: () => ({}) })).toThrow(refused);
    expect(() => RedisTaskQueueModule.forFeature({}, { instance: name })).toThrow(refused);
  });
});

describe('The start fails', () => {
  it('where a handler belongs to an instance that is not imported', async () => {
    await expect(startImports([RedisTaskQueueModule.forRoot({ redis: main.url })], [Tasks])).rejects.toMatchObject({
      code: 'UNKNOWN_INSTANCE',
      message:
        'Tasks.noteReport (AppModule) belongs to the instance "reports", which is not imported: import ' +
        "RedisTaskQueueModule.forRoot({ name: 'reports' }) in the root module, or say which other instance is meant: " +
        "{ instance: 'default' }.",
    });
  });

  it('where all instances have names, and a handler names none', async () => {
    await expect(
      startImports([RedisTaskQueueModule.forRoot({ name: 'reports', redis: other.url })], [Tasks]),
    ).rejects.toMatchObject({
      code: 'UNKNOWN_INSTANCE',
      message: expect.stringMatching(/Tasks\.note .*forRoot\(\) .*\{ instance: 'reports' \}/) as string,
    });
  });

  it('where two instances have one name', async () => {
    const twice = [main, other].map(({ url }) => RedisTaskQueueModule.forRoot({ name: 'reports', redis: url }));
    await expect(startImports([RedisTaskQueueModule.forRoot(), ...twice])).rejects.toMatchObject({
      code: 'DUPLICATE_INSTANCE',
      message: expect.stringContaining('2 imports of RedisTaskQueueModule for the instance "reports"') as string,
    });
  });

  it('where a factory of options names the instance', async () => {
    const useFactory = (): RedisTaskQueueOptions => ({ name: 'reports' }) as never;
    await expect(startImports([RedisTaskQueueModule.forRootAsync({ useFactory })])).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('beside useFactory') as string,
    });
  });

  it('where two instances work on one queue in the same place', async () => {
    await expect(start([Tasks], {}, { redis: main.url })).rejects.toMatchObject({
      code: 'SHARED_QUEUE',
      message: expect.stringMatching(/"default" and "reports" both work on queue "default"/) as string,
    });
  });

  it('where two instances would remove the schedules of each other', async () => {
    const schedules = { owner: 'billing' };
    await expect(start([], { schedules }, { redis: main.url, schedules })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/"schedules.owner" is 'billing'.*"reports"/) as string,
    });
  });

  it('before any of the others has begun, and leaves none of them running', async () => {
    // The connection of the first one stands by then: that none is left is checked after each test.
    const failing = start([Tasks], { waitForRedis: false }, { consume: ['nobody'] });
    await expect(failing).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    // A worker would have left the entry of its queue.
    expect(await main.redis.keys('*')).toEqual([]);
  });

  it('where one of them cannot reach its Redis, and leaves no connection of the others', async () => {
    await other.server.stop();
    const failing = start([Tasks], { waitForRedis: false }, { waitForRedis: false, commandTimeout: 200 });
    await expect(failing).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
  });
});

describe('On one server', () => {
  it('instances may share a prefix where they work on different queues', async () => {
    @Injectable()
    class Apart {
      @TaskHandler('a', { queue: 'one' })
      one(): void {
        ran.push('one');
      }
      @TaskHandler('b', { queue: 'two', instance: 'reports' })
      two(): void {
        ran.push('two');
      }
    }
    const started = await start([Apart], {}, { redis: main.url });
    await started.producer.add('a');
    await reportsOf(started).add('b');
    await eventually(() => ran.length === 2);
    expect(ran.sort()).toEqual(['one', 'two']);
  });

  it('instances with prefixes have nothing in common', async () => {
    const started = await start([Tasks], {}, { redis: main.url, prefix: 'r:' });
    await started.producer.add('note', 'one');
    await reportsOf(started).add('note', 'two');
    await eventually(() => ran.length === 2);
    expect(ran.sort()).toEqual(['main one', 'reports two']);
  });
});

describe('Shutdown', () => {
  it.each([
    ['default', 'reports'],
    ['reports', 'default'],
  ])('lets all instances drain at once, and closes none before: %s waits for %s', async (patient, hasty) => {
    const both = new Latch();
    const aborted = new Latch();
    let begun = 0;
    const begin = (): void => void (++begun === 2 && both.open());

    @Injectable()
    class Holding {
      constructor(@InjectTaskProducer(hasty) private readonly producer: TaskProducer) {}

      @TaskHandler('hold', { instance: patient })
      async hold(_data: unknown, task: TaskContext): Promise<void> {
        begin();
        await aborted.opened;
        task.signal.throwIfAborted();
        await this.producer.add('note', 'after all', { queue: 'later' });
      }

      @TaskHandler('hold', { instance: hasty })
      async abort(_data: unknown, task: TaskContext): Promise<void> {
        begin();
        await new Promise<void>((resolve) => task.signal.addEventListener('abort', () => resolve()));
        aborted.open();
        task.signal.throwIfAborted();
      }
    }
    const timeout = (instance: string): RedisTaskQueueOptions => ({
      shutdownTimeout: instance === patient ? '20s' : '50ms',
    });
    const started = await start([Holding], timeout('default'), timeout('reports'));
    const ids = [await started.producer.add('hold'), await reportsOf(started).add('hold')].map(({ id }) => id);
    await both.opened;
    await stopApp(started);

    const [ofPatient, ofHasty] = patient === 'default' ? [main, other] : [other, main];
    const key = `task_status:{default}:${ids[patient === 'default' ? 0 : 1]?.slice('default:'.length)}`;
    expect(await ofPatient.redis.hget(key, 'state')).toBe('completed');
    expect(await ofHasty.redis.llen('task_queue:{later}')).toBe(1);
    // Given back.
    expect(await ofHasty.redis.llen('task_queue:{default}')).toBe(1);
  });
});

import { Injectable, Module, type Type } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  RedisTaskQueueModule,
  type RedisTaskQueueOptions,
  TaskConsumers,
  type TaskContext,
  TaskHandler,
  TaskSchedule,
  TaskScheduler,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, startModule, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('configured');

let batches: unknown[][] = [];
let ran: string[] = [];
let attempts: number[] = [];

beforeEach(() => {
  batches = [];
  ran = [];
  attempts = [];
});

@Injectable()
class Tasks {
  @TaskHandler('report.build', { queue: 'reports', attempts: 5, timeout: '1h' })
  @TaskSchedule('0 8 * * *')
  build(_data: unknown, { id, attempt }: TaskContext): void {
    attempts.push(attempt);
    ran.push(id);
    if (attempt < 2) throw new Error('not yet');
  }

  @TaskHandler('event.store', { batch: { size: 100, maxWait: '1h' } })
  store(events: unknown[]): void {
    batches.push(events);
  }
}

/** What an application reads its configuration from: @nestjs/config has the same shape. */
@Injectable()
class ConfigService {
  private readonly values: Record<string, unknown> = {
    'tasks.reports.concurrency': 3,
    'tasks.reports.attempts': 2,
    'tasks.reports.queue': 'heavy',
    'tasks.events.size': 2,
    'tasks.schedules': false,
  };

  get<T>(name: string): T | undefined {
    return this.values[name] as T | undefined;
  }
}

@Module({ providers: [ConfigService], exports: [ConfigService] })
class ConfigModule {}

const fromConfig = (config: ConfigService): RedisTaskQueueOptions => ({
  redis: fixture.url,
  prefix: fixture.prefix,
  autoStart: config.get<boolean>('tasks.autoStart'),
  defaults: { schedules: config.get<boolean>('tasks.schedules') },
  queues: { heavy: { concurrency: config.get('tasks.reports.concurrency') } },
  tasks: {
    'report.build': {
      queue: config.get('tasks.reports.queue'),
      attempts: config.get('tasks.reports.attempts'),
      backoff: { type: 'fixed', delay: 1 },
      timeout: config.get('not there'),
    },
    'event.store': { batch: { size: config.get('tasks.events.size'), maxWait: config.get('not there') } },
  },
});

const start = (options: RedisTaskQueueOptions, providers: Type[] = [Tasks]): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers);

describe('options from configuration', () => {
  it('say what decorators say, through an asynchronous factory', async () => {
    @Module({
      imports: [
        RedisTaskQueueModule.forRootAsync({
          imports: [ConfigModule],
          inject: [ConfigService],
          useFactory: async (config: ConfigService) => Promise.resolve(fromConfig(config)),
        }),
      ],
      providers: [Tasks],
    })
    class ConfiguredModule {}
    const app = await startModule(ConfiguredModule);
    expect(app.app.get(TaskConsumers).list()).toMatchObject([
      { queue: 'heavy', state: 'running', concurrency: 3 },
      { queue: 'default', state: 'running', concurrency: 10 },
    ]);
    expect(app.log.of('log').join('\n')).toContain('Task "report.build" on queue "heavy" is handled by');

    const added = await app.producer.add('report.build');
    expect(added.queue).toBe('heavy');
    await reaches(app.status, added.id, 'completed');
    expect(attempts).toEqual([1, 2]);

    // The size is that of the configuration, and how long they wait that of the decorator.
    await app.producer.addBulk([1, 2, 3, 4].map((data) => ({ name: 'event.store', data })));
    await eventually(() => batches.length === 2);
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await app.app.get(TaskScheduler).list('heavy')).toEqual([]);
  });

  it('let a process that only adds and one that works agree on the queue', async () => {
    const options = { tasks: { 'report.build': { queue: 'heavy' } } };
    const adds = await start(options, []);
    const added = await adds.producer.add('report.build');
    const [row] = await adds.producer.addBulk([{ name: 'report.build' }]);
    expect([added.queue, row?.queue]).toEqual(['heavy', 'heavy']);
    // What is said at `add` comes first.
    expect((await adds.producer.add('report.build', null, { queue: 'elsewhere' })).queue).toBe('elsewhere');
    const works = await start({ tasks: { 'report.build': { ...options.tasks['report.build'], backoff: 1 } } });
    await reaches(works.status, added.id, 'completed');
    await reaches(works.status, row?.id ?? '', 'completed');
  });

  it('bring the schedules of a handler to its queue', async () => {
    const app = await start({ tasks: { 'report.build': { queue: 'heavy' } } });
    const scheduler = app.app.get(TaskScheduler);
    await eventually(async () => (await scheduler.list('heavy')).length === 1);
    expect(await scheduler.list('reports')).toEqual([]);
    const upserted = await scheduler.upsert('mine', { task: 'report.build', cron: '0 9 * * *' });
    expect(upserted.queue).toBe('heavy');
    await scheduler.runNow('report.build');
    await eventually(() => ran.length > 0);
  });

  it('may speak of tasks and queues that are elsewhere', async () => {
    const app = await start({
      tasks: { 'sent.elsewhere': { queue: 'far', attempts: 3, batch: { size: 5 }, schedules: false } },
      queues: { far: { concurrency: 1, autoStart: false, schedules: false } },
    });
    expect(
      app.app
        .get(TaskConsumers)
        .list()
        .map(({ queue }) => queue),
    ).toEqual(['reports', 'default']);
    expect((await app.producer.add('sent.elsewhere')).queue).toBe('far');
  });

  it.each<[string, RedisTaskQueueOptions, RegExp]>([
    [
      'batches for a handler of single tasks',
      { tasks: { 'report.build': { batch: { size: 2 } } } },
      /tasks\.report\.build\.batch.*Tasks\.build/,
    ],
    [
      'an option that there is not',
      { tasks: { 'report.build': { qeue: 'x' } as object } },
      /tasks\.report\.build\.qeue/,
    ],
    [
      'a queue to consume that has been moved away',
      { consume: ['reports'], tasks: { 'report.build': { queue: 'heavy' } } },
      /"consume" is \[ 'reports' \]; allowed is queues .*: heavy, default/,
    ],
  ])('refuse %s', async (_, options, message) => {
    await expect(start(options)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringMatching(message) as string }),
    );
  });
});

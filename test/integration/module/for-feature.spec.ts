import { type DynamicModule, Injectable, Module, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type FeatureOptions,
  type FeatureOptionsFactory,
  getTaskProducerToken,
  RedisTaskQueueModule,
  type RedisTaskQueueOptions,
  TaskHandler,
  TaskProducer,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startModule, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('feature');

let gate = new Latch();
let running = 0;
beforeEach(() => {
  gate = new Latch();
  running = 0;
});

@Injectable()
class Emails {
  @TaskHandler('email.send', { queue: 'email' })
  async send(): Promise<void> {
    running++;
    await gate.opened;
  }

  @TaskHandler('email.fail', { queue: 'email', attempts: 7 })
  fail(): void {
    throw new Error('no such mailbox');
  }
}

function root(options: RedisTaskQueueOptions = {}): DynamicModule {
  return RedisTaskQueueModule.forRoot({ redis: fixture.url, prefix: fixture.prefix, ...options });
}

@Module({})
class EmailModule {}
@Module({})
class NewsModule {}

/** A module of the application that brings options along. */
function feature(module: typeof EmailModule, options: FeatureOptions | DynamicModule): DynamicModule {
  const imported = 'module' in options ? options : RedisTaskQueueModule.forFeature(options);
  return { module, imports: [imported] };
}

async function start(
  imports: NonNullable<ModuleMetadata['imports']>,
  providers: NonNullable<ModuleMetadata['providers']> = [Emails],
): Promise<TestApp> {
  @Module({ imports, providers })
  class AppModule {}
  return startModule(AppModule);
}

/** How many attempts a failing task gets. */
async function attemptsOf({ producer, status }: TestApp): Promise<number | undefined> {
  const { id } = await producer.add('email.fail');
  return eventually(async () => {
    const now = await status.get(id);
    return now?.state === 'failed' ? now.attempt : null;
  });
}

describe('forFeature', () => {
  it('says how the queues of a feature are worked on', async () => {
    const started = await start([feature(EmailModule, { queues: { email: { concurrency: 2 } } }), root()]);
    await started.producer.addBulk(Array.from({ length: 5 }, () => ({ name: 'email.send', queue: 'email' })));
    await eventually(() => running === 2);
    expect(await eventually(() => fixture.redis.llen(`${fixture.prefix}task_queue:{email}`))).toBe(3);
    gate.open();
    await eventually(() => running === 5);
  });

  it('says how tasks are worked on: more than the decorator, less than forRoot', async () => {
    const ofFeature = { tasks: { 'email.fail': { attempts: 3, backoff: 0 } } };
    expect(await attemptsOf(await start([root(), feature(EmailModule, ofFeature)]))).toBe(3);
    const ofRoot = { tasks: { 'email.fail': { attempts: 2 } } };
    expect(await attemptsOf(await start([root(ofRoot), feature(EmailModule, ofFeature)]))).toBe(2);
  });

  it('holds before the first onModuleInit', async () => {
    const outcomes: unknown[] = [];
    @Injectable()
    class Early implements OnModuleInit {
      constructor(private readonly producer: TaskProducer) {}
      async onModuleInit(): Promise<void> {
        for (const each of [1, 2]) {
          const added = this.producer.add('x', each, { queue: 'short' });
          outcomes.push(
            await added.then(
              () => 'added',
              (error: unknown) => error,
            ),
          );
        }
      }
    }
    @Module({ providers: [Early] })
    class EarlyModule {}
    const useFactory = (): Promise<FeatureOptions> => Promise.resolve({ queues: { short: { maxLength: 1 } } });
    await start([EarlyModule, root(), feature(EmailModule, RedisTaskQueueModule.forFeatureAsync({ useFactory }))]);
    expect(outcomes).toEqual(['added', expect.objectContaining({ code: 'QUEUE_FULL' })]);
  });

  it('takes options from a class', async () => {
    @Injectable()
    class Options implements FeatureOptionsFactory {
      createFeatureOptions(): FeatureOptions {
        return { tasks: { 'email.fail': { attempts: 2, backoff: 0 } } };
      }
    }
    const ofClass = RedisTaskQueueModule.forFeatureAsync({ useClass: Options });
    expect(await attemptsOf(await start([root(), feature(EmailModule, ofClass)]))).toBe(2);
  });

  it('may be imported by several modules, and repeated in the same words', async () => {
    const options = (): FeatureOptions => ({ tasks: { 'email.fail': { attempts: 2, backoff: '0ms' } } });
    const shared = RedisTaskQueueModule.forFeature(options());
    const started = await start([
      root(),
      feature(EmailModule, shared),
      feature(NewsModule, shared),
      feature(NewsModule, options()),
    ]);
    expect(await attemptsOf(started)).toBe(2);
  });

  it('belongs to the instance that it names', async () => {
    const ofReports = RedisTaskQueueModule.forFeature({ queues: { q: { maxLength: 1 } } }, { instance: 'reports' });
    const started = await start([
      feature(EmailModule, ofReports),
      root(),
      RedisTaskQueueModule.forRoot({ name: 'reports', redis: fixture.url, prefix: `${fixture.prefix}r:` }),
    ]);
    const reports = started.app.get<TaskProducer>(getTaskProducerToken('reports'));
    for (const producer of [started.producer, started.producer, reports]) await producer.add('x', 1, { queue: 'q' });
    await expect(reports.add('x', 1, { queue: 'q' })).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  });

  it.each<[string, FeatureOptions, FeatureOptions]>([
    ['queue "email"', { queues: { email: { concurrency: 2 } } }, { queues: { email: { concurrency: 3 } } }],
    [
      'queue "email"',
      { queues: { email: { concurrency: 2 } } },
      { queues: { email: { rate: { max: 1, per: '1s' } } } },
    ],
    ['task "x"', { tasks: { x: { attempts: 2 } } }, { tasks: { x: {} } }],
  ])('refuses different options for %s, wherever they stand', async (what, one, two) => {
    const failing = start([root({ queues: { email: {} } }), feature(EmailModule, one), feature(NewsModule, two)]);
    await expect(failing).rejects.toMatchObject({ code: 'CONFLICTING_OPTIONS' });
    await expect(failing).rejects.toThrow(
      new RegExp(`${what}.*forFeature in (EmailModule and in .*NewsModule|NewsModule and in .*EmailModule)`),
    );
  });

  it.each([
    [
      'a wrong option',
      { queues: { email: { concurrency: 0 } } },
      /"queues\.email\.concurrency \(forFeature in EmailModule\)"/,
    ],
    ['an option of forRoot', { prefix: 'x:' }, /"prefix \(.*allowed is one of queues, tasks/],
    ['a queue that is none', { queues: { 'e mail': {} } }, /e mail/],
    ['no options', null, /"options \(forFeature in EmailModule\)" is null/],
  ])('refuses %s as forRoot does', async (_what, options, message) => {
    const failing = start([root(), feature(EmailModule, RedisTaskQueueModule.forFeature(options as never))]);
    await expect(failing).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(message) as string,
    });
  });

  it('refuses a factory that answers nothing', async () => {
    const nothing = RedisTaskQueueModule.forFeatureAsync({ useFactory: () => undefined as never });
    await expect(start([root(), feature(EmailModule, nothing)])).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/"options \(forFeature in EmailModule\)" is null/) as string,
    });
  });

  it.each([
    ['reports', [root()]],
    ['default', []],
  ])('refuses the instance %s where that is not imported', async (instance, imports) => {
    const stray = feature(EmailModule, RedisTaskQueueModule.forFeature({}, { instance }));
    await expect(start([...imports, stray])).rejects.toMatchObject({
      code: 'UNKNOWN_INSTANCE',
      message: expect.stringMatching(`forFeature in EmailModule .*"${instance}"`) as string,
    });
  });
});

import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import {
  type RedisTaskQueueOptions,
  type RedisTaskQueueOptionsFactory,
  RedisTaskQueueModule,
  TaskHandler,
  TaskProducer,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, startModule, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('module');

@Injectable()
class Tasks {
  static ran: unknown[] = [];

  @TaskHandler('remember')
  remember(data: unknown): void {
    Tasks.ran.push(data);
  }
}

async function works({ producer }: TestApp): Promise<void> {
  const data = Math.random();
  await producer.add('remember', data);
  await eventually(() => Tasks.ran.includes(data));
}

/** The names of the connections that the application of this test holds. */
async function connections(): Promise<string[]> {
  const list = (await fixture.redis.client('LIST')) as string;
  const names = list.split('\n').map((line) => / name=(\S*)/.exec(line)?.[1] ?? '');
  return names.filter((name) => name.startsWith(fixture.prefix)).map((name) => name.slice(fixture.prefix.length));
}

function startImports(...imports: DynamicModule[]): Promise<TestApp> {
  @Module({ imports })
  class AppModule {}
  return startModule(AppModule);
}

describe('forRoot', () => {
  it('can be imported once for all modules', async () => {
    @Injectable()
    class Feature {
      constructor(readonly producer: TaskProducer) {}
    }
    @Module({ providers: [Feature, Tasks] })
    class FeatureModule {}
    const started = await startApp({ redis: fixture.url, prefix: fixture.prefix }, [], { imports: [FeatureModule] });
    expect(started.app.get(Feature, { strict: false }).producer).toBe(started.producer);
    await works(started);
  });

  it('refuses wrong options when the application starts', async () => {
    await expect(startApp({ lease: 'soon' as never })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('"lease"') as string,
    });
  });

  it('refuses a factory that answers nothing, and one that throws, and opens no connection', async () => {
    const nothing = RedisTaskQueueModule.forRootAsync({ useFactory: () => undefined as never });
    await expect(startImports(nothing)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    const error = new Error('no configuration');
    const failing = RedisTaskQueueModule.forRootAsync({ useFactory: () => Promise.reject(error) });
    const ready = RedisTaskQueueModule.forRoot({ name: 'ready', redis: fixture.url, prefix: fixture.prefix });
    await expect(startImports(ready, failing)).rejects.toThrow(error);
    expect(await connections()).toEqual([]);
  });

  it('refuses two imports with different options: each would run every handler', async () => {
    const second = RedisTaskQueueModule.forRoot({ redis: fixture.url, prefix: 'another:' });
    await expect(
      startApp({ redis: fixture.url, prefix: fixture.prefix }, [], { imports: [second] }),
    ).rejects.toMatchObject({
      code: 'DUPLICATE_INSTANCE',
      message: expect.stringContaining('2 imports') as string,
    });
  });

  it.each<[string, () => NonNullable<RedisTaskQueueOptions['redis']>]>([
    ['a URL', () => fixture.url],
    ['ioredis options', () => ({ host: '127.0.0.1', port: Number(new URL(fixture.url).port) })],
    ['a factory', () => () => new Redis(fixture.url)],
    [
      'a factory of a lazy client',
      () => () => new Redis(fixture.url, { lazyConnect: true, maxRetriesPerRequest: null }),
    ],
  ])('finds Redis through %s, and leaves no connection behind', async (_what, redis) => {
    const started = await startApp({ redis: redis(), prefix: fixture.prefix }, [Tasks]);
    await works(started);
    await eventually(async () => (await connections()).length === 2);
    expect((await connections()).sort()).toEqual(['task_queue:bells', 'task_queue:commands']);
    await stopApp(started);
    await eventually(async () => (await connections()).length === 0);
  });

  it('leaves alone a client that the application shares with it', async () => {
    const shared = new Redis(fixture.url, { connectionName: 'test:shared' });
    await shared.ping();
    const started = await startApp({ redis: () => shared, prefix: fixture.prefix }, [Tasks]);
    await works(started);
    await stopApp(started);
    expect(await shared.ping()).toBe('PONG');
    await shared.quit();
  });

  it.each<[string, () => NonNullable<RedisTaskQueueOptions['redis']>]>([
    ['a URL', () => `${fixture.url}?keyPrefix=a:`],
    ['a factory', () => () => new Redis(fixture.url, { keyPrefix: 'a:', lazyConnect: true })],
  ])('refuses a key prefix that comes through %s', async (_what, redis) => {
    const { producer } = await startApp({ redis: redis(), prefix: fixture.prefix });
    await expect(producer.add('x')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('works with ioredis options that would break it', async () => {
    const { port, hostname: host } = new URL(fixture.url);
    const options = { host, port: Number(port), stringNumbers: true, commandTimeout: 1, blockingTimeout: 1 };
    const started = await startApp({ redis: { ...options, enableAutoPipelining: true }, prefix: fixture.prefix }, [
      Tasks,
    ]);
    await works(started);
    await works(started);
    expect(started.log.of('error')).toEqual([]);
  });

  it('does not go on in database 0 where that of the URL does not exist', async () => {
    const started = await startApp({ redis: `${fixture.url}/99`, prefix: fixture.prefix, commandTimeout: 300 });
    await expect(started.producer.add('x')).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: expect.stringContaining('DB index') as string,
    });
    expect(await fixture.keys()).toEqual([]);
  });

  it('takes the database from the URL', async () => {
    const started = await startApp({ redis: `${fixture.url}/3`, prefix: fixture.prefix });
    await started.producer.add('x');
    expect(await fixture.keys()).toEqual([]);
    const third = new Redis(fixture.url, { db: 3, connectionName: 'test:db3' });
    expect(await third.exists(`${fixture.prefix}task_queue:{default}`)).toBe(1);
    await third.flushdb();
    await third.quit();
  });
});

describe('forRootAsync', () => {
  const options = (): RedisTaskQueueOptions => ({ redis: fixture.url, prefix: fixture.prefix });

  @Injectable()
  class Options implements RedisTaskQueueOptionsFactory {
    createTaskQueueOptions(): RedisTaskQueueOptions {
      return options();
    }
  }
  @Module({ providers: [Options], exports: [Options] })
  class OptionsModule {}

  it.each([
    ['useFactory', () => RedisTaskQueueModule.forRootAsync({ useFactory: () => Promise.resolve(options()) })],
    [
      'useFactory with inject',
      () =>
        RedisTaskQueueModule.forRootAsync({
          imports: [OptionsModule],
          inject: [Options],
          useFactory: (factory: Options) => factory.createTaskQueueOptions(),
        }),
    ],
    ['useClass', () => RedisTaskQueueModule.forRootAsync({ useClass: Options })],
    ['useExisting', () => RedisTaskQueueModule.forRootAsync({ imports: [OptionsModule], useExisting: Options })],
  ])('takes options from %s', async (_what, imported) => {
    @Module({ imports: [imported()], providers: [Tasks] })
    class AppModule {}
    await works(await startModule(AppModule));
    expect(await fixture.keys()).toContain('task_meta:{default}');
  });

  it('refuses wrong options as forRoot does', async () => {
    @Module({ imports: [RedisTaskQueueModule.forRootAsync({ useFactory: () => ({ consume: 5 }) as never })] })
    class AppModule {}
    await expect(startModule(AppModule)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

describe('consume', () => {
  it('false: the process only adds, over one connection', async () => {
    const { producer } = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false }, [Tasks]);
    await producer.add('remember', 1);
    expect(await connections()).toEqual(['task_queue:commands']);
    expect(await fixture.redis.exists(`${fixture.prefix}task_workers:{default}`)).toBe(0);
  });

  it('a list: only these queues are worked on', async () => {
    const ran: string[] = [];
    @Injectable()
    class Two {
      @TaskHandler('a', { queue: 'one' })
      one(): void {
        ran.push('one');
      }
      @TaskHandler('b', { queue: 'two' })
      two(): void {
        ran.push('two');
      }
    }
    const { producer } = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: ['two'] }, [Two]);
    await producer.add('a');
    await producer.add('b');
    await eventually(() => ran.length === 1);
    expect(ran).toEqual(['two']);
    expect(await fixture.redis.exists(`${fixture.prefix}task_workers:{one}`)).toBe(0);
  });

  it('a list with a queue that nothing handles is refused at start', async () => {
    await expect(startApp({ redis: fixture.url, consume: ['emial'] }, [Tasks])).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/"consume".*emial.*default/) as string,
    });
  });
});

import { Injectable, Module } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InjectTaskProducer, RedisTaskQueueModule, TaskHandler, TaskProducer } from '../../../lib/index.js';
import { RedisTaskQueueTestingModule, TaskQueueTester } from '../../../lib/testing/index.js';
import { eventually } from '../../support/eventually.js';
import { RecordedTelemetry } from '../../support/recorded-telemetry.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startScript } from '../../support/start-script.js';
import { startApp, startModule } from '../../support/test-app.js';

const fixture = redisFixture('telemetry');
const sdk = new RecordedTelemetry();

beforeAll(() => void sdk.start());
beforeEach(() => sdk.clear());
afterAll(() => sdk.stop());

const names = (): string[] => sdk.spans.map(({ name }) => name).sort();

class Tasks {
  @TaskHandler('work')
  work(): string {
    return 'done';
  }
}

async function run(options: { telemetry: boolean | undefined; isMissing?: boolean }): Promise<unknown> {
  const { telemetry, isMissing = false } = options;
  const script = startScript(new URL('./scripts/loading-app.ts', import.meta.url), {
    env: { MODULE_OPTIONS: JSON.stringify({ telemetry }), IS_MISSING: String(isMissing) },
  });
  const line = JSON.parse(await script.nextLine()) as unknown;
  expect(await script.exit).toEqual({ code: 0, signal: null });
  return line;
}

describe('the package @opentelemetry/api', () => {
  it.each([undefined, false])('is not loaded where telemetry is %s, and need not be there', async (telemetry) => {
    const off = { results: ['done'], asked: 0 };
    expect(await run({ telemetry })).toEqual(off);
    expect(await run({ telemetry, isMissing: true })).toEqual(off);
  });

  it('is loaded where it is wanted', async () => {
    expect(await run({ telemetry: true })).toEqual({ results: ['done'], asked: 1 });
  });

  it('has to be there then: else the start fails, says what to do, and leaves nothing open', async () => {
    expect(await run({ telemetry: true, isMissing: true })).toEqual({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/"telemetry" is true; .*npm install @opentelemetry\/api/) as string,
      asked: 1,
    });
  });
});

describe('telemetry', () => {
  it('that is off enters nothing in envelopes', async () => {
    const { producer } = await startApp({ redis: fixture.url, prefix: fixture.prefix });
    await producer.add('work', 1);
    const [envelope] = await fixture.redis.lrange(`${fixture.prefix}task_queue:{default}`, 0, -1);
    expect(envelope).toMatch(/^{"id":"\w+","attempt":0,"name":"work","data":1}$/);
    expect(names()).toEqual([]);
  });

  it('is there from the first hooks of the application on, for processes that only add, too', async () => {
    @Injectable()
    class Early {
      constructor(private readonly producer: TaskProducer) {}
      async onModuleInit(): Promise<void> {
        await this.producer.add('work');
      }
    }
    const { producer } = await startApp(
      { redis: fixture.url, prefix: fixture.prefix, consume: false, telemetry: true },
      [Early],
    );
    await producer.add('work');
    expect(names()).toEqual(['send default', 'send default']);
  });

  it('is that of its instance, and may come from a factory', async () => {
    class Named {
      @TaskHandler('work', { instance: 'traced' })
      @TaskHandler('work')
      work(): void {}
    }
    const own = { redis: fixture.url, prefix: fixture.prefix };
    @Injectable()
    class Producers {
      constructor(
        readonly plain: TaskProducer,
        @InjectTaskProducer('traced') readonly traced: TaskProducer,
      ) {}
    }
    @Module({
      imports: [
        RedisTaskQueueModule.forRoot({ ...own, prefix: `${own.prefix}plain:` }),
        RedisTaskQueueModule.forRootAsync({
          name: 'traced',
          useFactory: async () => ({ ...own, telemetry: true }),
        }),
      ],
      providers: [Named, Producers],
    })
    class AppModule {}
    const { app, status } = await startModule(AppModule);
    const { plain, traced } = app.get(Producers);
    const { id } = await plain.add('work');
    await eventually(async () => (await status.get(id))?.state === 'completed');
    expect(names()).toEqual([]);
    await traced.add('work');
    await eventually(() => names().length === 2);
    expect(names()).toEqual(['process default', 'send default']);
  });

  it.each([false, true])('is there in tests of applications (inline: %s)', async (inline) => {
    @Module({ imports: [RedisTaskQueueTestingModule.forRoot({ telemetry: true, inline })], providers: [Tasks] })
    class AppModule {}
    const { app, producer } = await startModule(AppModule);
    await producer.add('work');
    if (!inline) await app.get(TaskQueueTester).drain();
    const [add, ran] = ['send default', 'process default'].map((name) => sdk.named(name)[0]);
    expect(ran?.parentSpanContext?.spanId).toBe(add?.spanContext().spanId);
    expect(app.get(TaskQueueTester).added()).toMatchObject([{ name: 'work', data: null }]);
  });

  it.each([1, 'yes', {}])('is no %j', async (telemetry) => {
    await expect(startApp({ telemetry: telemetry as boolean })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

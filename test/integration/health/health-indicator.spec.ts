import { type INestApplication, Controller, Get, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, type HealthIndicatorResult, TerminusModule } from '@nestjs/terminus';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { TaskWorker } from '../../../lib/consumer/task-worker.js';
import {
  RedisTaskQueueHealthIndicator,
  RedisTaskQueueModule,
  type RedisTaskQueueOptions,
  TaskEvents,
  TaskHandler,
  type TaskQueueHealth,
  type TaskQueueHealthOptions,
  TaskProducer,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { privateRedis } from '../../support/private-redis.js';
import { ToldEvents } from '../../support/told-events.js';

const target = privateRedis();
const open = new Set<INestApplicationContext>();

afterEach(async () => {
  for (const app of open) await app.close();
  open.clear();
});

interface HealthApp {
  app: INestApplication;
  /** What the endpoint answers. */
  get: () => Promise<{ code: number; status: string; tasks: TaskQueueHealth }>;
}

async function start(
  handle: () => unknown = () => undefined,
  options: TaskQueueHealthOptions = {},
  module: RedisTaskQueueOptions = {},
): Promise<HealthApp> {
  @Controller()
  class HealthController {
    constructor(
      private readonly health: HealthCheckService,
      private readonly tasks: RedisTaskQueueHealthIndicator,
    ) {}

    @Get('health')
    @HealthCheck()
    check(): ReturnType<HealthCheckService['check']> {
      return this.health.check([
        async (): Promise<HealthIndicatorResult<'tasks'>> => this.tasks.isHealthy('tasks', options),
      ]);
    }
  }
  class Tasks {
    @TaskHandler('work', { queue: 'email' })
    run(): unknown {
      return handle();
    }
  }
  @Module({
    imports: [
      TerminusModule.forRoot({ logger: false }),
      RedisTaskQueueModule.forRoot({ redis: target.url, ...module }),
    ],
    controllers: [HealthController],
    providers: [Tasks],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false });
  open.add(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return {
    app,
    get: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      const { status, details } = (await response.json()) as { status: string; details: { tasks: TaskQueueHealth } };
      return { code: response.status, status, tasks: details.tasks };
    },
  };
}

describe('the health of an application', () => {
  it('is green where Redis is there and loops turn, with what is known of each queue', async () => {
    const { get } = await start();
    expect(await get()).toEqual({
      code: 200,
      status: 'ok',
      tasks: {
        status: 'up',
        redis: 'up',
        queues: { email: { status: 'up', silentMs: expect.any(Number) as number, longestWaitMs: null } },
      },
    });
  });

  it('is red while Redis is away, told in time, and green again; events tell both', async () => {
    const { app, get } = await start();
    const told = new ToldEvents(app.get(TaskEvents));
    expect((await get()).code).toBe(200);
    await target.server.kill();
    const begun = performance.now();
    const red = await get();
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(red).toMatchObject({
      code: 503,
      status: 'error',
      tasks: { status: 'down', redis: 'down', message: expect.stringContaining('Redis cannot be used') as string },
    });
    expect(await told.first('connectionLost')).toMatchObject({ error: { message: expect.any(String) as string } });
    await target.server.restart();
    await eventually(async () => (await get()).code === 200);
    expect((await told.first('connectionBack')).lostMs).toBeGreaterThan(0);
    expect(told.of('connectionLost').length).toBe(told.of('connectionBack').length);
  });

  it.each([
    ['has no memory left', ['maxmemory', '1']],
    ['has fewer replicas than it needs', ['min-replicas-to-write', '1']],
  ])('is red where Redis answers, but %s', async (_what, [name = '', value = '']) => {
    const { get } = await start();
    const [, before = ''] = (await target.redis.call('CONFIG', 'GET', name)) as string[];
    await target.redis.config('SET', name, value);
    expect(await get()).toMatchObject({ code: 503, tasks: { redis: 'down', queues: { email: { status: 'up' } } } });
    await target.redis.config('SET', name, before);
    await eventually(async () => (await get()).code === 200);
  });

  it('is red where a task has been waiting for longer than it may', async () => {
    const latch = new Latch();
    const options = { maxWaiting: 50 } as const;
    const { app, get } = await start(() => latch.opened, options, { defaults: { concurrency: 1 } });
    await app.get(TaskProducer).addBulk([{ name: 'work' }, { name: 'work' }]);
    const red = await eventually(async () => {
      const answer = await get();
      return answer.code === 503 && answer;
    });
    expect(red.tasks).toMatchObject({
      message: expect.stringMatching(/^a task of queue "email" has been waiting for \d+\.\d s$/) as string,
      redis: 'up',
      queues: { email: { status: 'down' } },
    });
    expect(red.tasks.queues['email']?.longestWaitMs).toBeGreaterThan(50);
    latch.open();
    await eventually(async () => (await get()).code === 200);
  });

  it('is red where the loop of a queue hangs, though Redis answers', async () => {
    const { app, get } = await start(undefined, {}, { lease: 500 });
    const worker: object = app.get(TaskWorker, { strict: false });
    const [consumer] = (worker as { consumers: object[] }).consumers;
    const { exchanges } = consumer as { exchanges: { settle: () => Promise<void> } };
    const settle = exchanges.settle.bind(exchanges);
    const latch = new Latch();
    exchanges.settle = () => latch.opened.then(settle);
    (consumer as { beat(): void }).beat();
    const red = await eventually(async () => {
      const answer = await get();
      return answer.code === 503 && answer;
    });
    expect(red.tasks.message).toMatch(/^the loop of queue "email" has not turned for \d+\.\d s$/);
    latch.open();
    await eventually(async () => (await get()).code === 200);
  });

  it('is asked about queues that this process does not work on', async () => {
    const { app, get } = await start(undefined, { queues: ['email', 'other'], maxWaiting: 1 }, { consume: false });
    expect((await get()).tasks.queues).toEqual({
      email: { status: 'up', silentMs: null, longestWaitMs: null },
      other: { status: 'up', silentMs: null, longestWaitMs: null },
    });
    await app.get(TaskProducer).add('work', null, { queue: 'other' });
    await eventually(async () => (await get()).tasks.queues['other']?.status === 'down');
  });

  it.each<[string, unknown]>([
    ['maxWaiting', { maxWaiting: 'soon' }],
    ['queues', { queues: ['not a queue'] }],
    ['maxWait', { maxWait: '5m' }],
  ])('refuses a wrong option: %s', async (option, options) => {
    const { app } = await start();
    await expect(app.get(RedisTaskQueueHealthIndicator).isHealthy('x', options as never)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining(`"${option}"`) as string,
    });
  });

  it('answers in time where Redis says nothing at all', async () => {
    const proxy = await target.proxy();
    const { get } = await start(undefined, {}, { redis: proxy.url });
    expect((await get()).code).toBe(200);
    proxy.silence();
    onTestFinished(() => proxy.cut());
    const begun = performance.now();
    const { tasks } = await get();
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(tasks.message).toContain('no answer within 2000 ms');
  });
});

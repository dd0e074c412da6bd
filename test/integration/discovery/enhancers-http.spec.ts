import {
  type ArgumentsHost,
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  type INestApplication,
  Module,
  type PipeTransform,
  Post,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { afterEach, describe, expect, it } from 'vitest';
import {
  getTaskContext,
  isTaskContext,
  RedisTaskQueueModule,
  type TaskContext,
  TaskCtx,
  TaskData,
  TaskHandler,
  TaskProducer,
  TaskStatusService,
} from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';

const fixture = redisFixture('http');

class Both implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (isTaskContext(context)) return getTaskContext(context).name.startsWith('number');
    return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-key'] === 'secret';
  }
}

@Controller()
@UseGuards(new Both())
class Numbers {
  @Post('numbers')
  @TaskHandler('number')
  both(@TaskData('n') n: number, @TaskCtx() task: TaskContext | undefined): string {
    return `${n} ${task ? 'task' : 'request'}`;
  }

  @Post('bodies')
  @TaskHandler('number in a body')
  body(@Body('n') n: number): string {
    return `${n}`;
  }

  @TaskHandler('other')
  other(): void {}
}

const plusOne: PipeTransform = { transform: (value: unknown) => (typeof value === 'number' ? value + 1 : value) };

let app: INestApplication | undefined;
afterEach(() => app?.close());

async function start(before: (app: INestApplication) => void = () => undefined): Promise<{
  post: (path: string, headers?: object) => Promise<Response>;
  resultOf: (name: string) => Promise<unknown>;
}> {
  @Module({
    imports: [RedisTaskQueueModule.forRoot({ redis: fixture.url, prefix: fixture.prefix })],
    controllers: [Numbers],
  })
  class AppModule {}
  const started = (app = await NestFactory.create(AppModule, { logger: false }));
  before(started);
  await started.listen(0);
  const base = (await started.getUrl()).replace('[::1]', 'localhost');
  const headers = { 'Content-Type': 'application/json' };
  return {
    post: (path, more) =>
      fetch(`${base}/${path}`, { method: 'POST', body: '{"n":1}', headers: { ...headers, ...more } }),
    resultOf: async (name) => {
      const { id } = await started.get(TaskProducer).add(name, { n: 1 });
      return (await reaches(started.get(TaskStatusService), id, 'completed')).result;
    },
  };
}

describe('code that serves requests and tasks', () => {
  it('tells them apart', async () => {
    const { post, resultOf } = await start();
    expect((await post('numbers')).status).toBe(403);
    expect(await (await post('numbers', { 'X-Key': 'secret' })).text()).toBe('1 request');
    expect(await resultOf('number')).toBe('1 task');
    expect(await resultOf('number in a body')).toBe('1');
  });

  it('turns tasks down as well', async () => {
    await start();
    const { id } = await app!.get(TaskProducer).add('other');
    expect((await reaches(app!.get(TaskStatusService), id, 'failed')).error?.name).toBe('TaskRejectedError');
  });

  it('is told that a request is no task', () => {
    const request: ArgumentsHost = new ExecutionContextHost([{}, {}]);
    expect(isTaskContext(request)).toBe(false);
    expect(() => getTaskContext(request)).toThrow(
      expect.objectContaining({ code: 'NOT_A_TASK', message: expect.stringContaining('"http"') as string }),
    );
  });
});

describe('what is made global', () => {
  it('before the application starts applies to routes and tasks', async () => {
    const { post, resultOf } = await start((starting) => starting.useGlobalPipes(plusOne));
    expect(await (await post('numbers', { 'X-Key': 'secret' })).text()).toBe('2 request');
    expect(await resultOf('number')).toBe('2 task');
  });

  it('later applies to neither', async () => {
    const { post, resultOf } = await start();
    app!.useGlobalPipes(plusOne);
    expect(await (await post('numbers', { 'X-Key': 'secret' })).text()).toBe('1 request');
    expect(await resultOf('number')).toBe('1 task');
  });
});

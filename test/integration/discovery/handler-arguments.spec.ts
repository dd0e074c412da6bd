import {
  type ArgumentMetadata,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  ParseIntPipe,
  type PipeTransform,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { IsEmail } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { TaskContext, TaskCtx, TaskData, TaskHandler } from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('arguments');

const start = (providers: object[]): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix }, providers as never[]);

class SendEmail {
  @IsEmail()
  to!: string;
}

const Tenant = createParamDecorator((property: string, host: ExecutionContext) => {
  const data = host.getArgByIndex<Record<string, unknown>>(0);
  return `${host.getType<string>()}/${host.getClass().name}.${host.getHandler().name}/${String(data[property])}`;
});

class Doubling implements PipeTransform<number> {
  transform(value: number): number {
    return value * 2;
  }
}

const EVERYTHING = { transform: true, whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

describe('parameter decorators', () => {
  @Injectable()
  class Tasks {
    @TaskHandler('all')
    all(@TaskCtx() task: TaskContext, @TaskData() data: unknown): unknown {
      return { isContext: task instanceof TaskContext, name: task.name, data };
    }

    @TaskHandler('properties')
    properties(@TaskData('b') b: unknown, @TaskCtx() task: TaskContext, @TaskData('a') a: unknown): unknown {
      return [a, b ?? 'nothing', task.attempt];
    }

    @TaskHandler('pipes')
    pipes(
      @TaskData('n', ParseIntPipe, new Doubling()) n: number,
      @TaskData(new Doubling()) whole: number,
      @TaskData('n') raw: unknown,
    ): unknown {
      return [n, Number.isNaN(whole), raw];
    }

    @TaskHandler('own')
    own(@Tenant('tenant') tenant: string, @TaskCtx() task: TaskContext): unknown {
      return [tenant, task.name];
    }

    @TaskHandler('inherited')
    inherited(@TaskData('constructor') given: unknown): unknown {
      return given === undefined;
    }
  }

  it.each([
    ['all', { x: 1 }, { isContext: true, name: 'all', data: { x: 1 } }],
    ['all', null, { isContext: true, name: 'all', data: null }],
    ['properties', { a: 1, b: 2 }, [1, 2, 1]],
    ['properties', { a: 1 }, [1, 'nothing', 1]],
    ['pipes', { n: '21' }, [42, true, '21']],
    ['own', { tenant: 'acme' }, ['task/Tasks.own/acme', 'own']],
    ['inherited', {}, true],
    ['inherited', 'text', true],
  ])('of task "%s", given %j, yield %j', async (name, data, result) => {
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add(name, data);
    expect((await reaches(status, id, 'completed')).result).toEqual(result);
  });

  it('have their pipes made by Nest where these are given as classes', async () => {
    @Injectable()
    class Factor {
      readonly by = 3;
    }
    @Injectable()
    class Multiply implements PipeTransform<number> {
      constructor(private readonly factor: Factor) {}
      transform(value: number): number {
        return value * this.factor.by;
      }
    }
    @Injectable()
    class Multiplied {
      @TaskHandler('multiplied')
      run(@TaskData(Multiply) value: number): number {
        return value;
      }
    }
    const { producer, status } = await start([Factor, Multiplied]);
    const { id } = await producer.add('multiplied', 5);
    expect((await reaches(status, id, 'completed')).result).toBe(15);
  });
});

describe('a handler without parameter decorators', () => {
  @Injectable()
  class Tasks {
    @TaskHandler('send')
    send(email: SendEmail, task: TaskContext): unknown {
      const isContext = task instanceof TaskContext && task.id.startsWith('default:') && !task.signal.aborted;
      return { isEmail: email instanceof SendEmail, email, isContext };
    }

    @TaskHandler('untyped')
    untyped(data: unknown): unknown {
      return data;
    }
  }

  it('has its data validated by the class of its parameter, and its context by nothing', async () => {
    const pipe = new ValidationPipe({ ...EVERYTHING, validateCustomDecorators: true });
    const { producer, status } = await start([Tasks, { provide: APP_PIPE, useValue: pipe }]);
    const { id } = await producer.add('send', { to: 'ann@example.org' });
    const { result } = await reaches(status, id, 'completed');
    expect(result).toEqual({ isEmail: true, email: { to: 'ann@example.org' }, isContext: true });

    const { id: bad } = await producer.add('send', { to: 'ann', cc: 'bob' });
    expect((await reaches(status, bad, 'failed')).error?.message).toMatch(
      /property cc should not exist; to must be an email/,
    );
    const { id: untyped } = await producer.add('untyped', { to: 'ann' });
    expect((await reaches(status, untyped, 'completed')).result).toEqual({ to: 'ann' });
  });

  it('shows its data to pipes as the body of a request, and its context to none', async () => {
    const seen: [unknown, ArgumentMetadata][] = [];
    const look: PipeTransform = { transform: (value, metadata) => (seen.push([value, metadata]), value as unknown) };
    @UsePipes(look)
    class Looked {
      @TaskHandler('looked')
      run(email: SendEmail, task: TaskContext): boolean {
        return 'to' in email && task instanceof TaskContext;
      }
      @TaskHandler('looked with decorators')
      decorated(@TaskCtx() task: TaskContext, @TaskData() email: SendEmail): boolean {
        return 'to' in email && task instanceof TaskContext;
      }
    }
    const { producer, status } = await start([Looked]);
    for (const name of ['looked', 'looked with decorators']) {
      const { id } = await producer.add(name, { to: 'ann' });
      expect((await reaches(status, id, 'completed')).result).toBe(true);
    }
    const body = expect.objectContaining({ type: 'body', metatype: SendEmail }) as ArgumentMetadata;
    expect(seen).toEqual([
      [{ to: 'ann' }, body],
      [{ to: 'ann' }, body],
    ]);
  });
});

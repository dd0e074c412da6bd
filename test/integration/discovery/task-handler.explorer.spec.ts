import { Controller, Injectable, Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { TaskContext, TaskHandler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('explorer');

const start = (providers: never[] | object[], metadata: object = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix }, providers as never[], metadata);

async function resultOf({ producer, status }: TestApp, name: string, data?: unknown): Promise<unknown> {
  const { id } = await producer.add(name, data);
  return eventually(async () => {
    const current = await status.get(id);
    return current?.state === 'completed' ? { result: current.result } : null;
  }).then(({ result }) => result);
}

@Injectable()
class Greeting {
  text(name: string): string {
    return `Hello ${name}`;
  }
}

@Injectable()
class Tasks {
  constructor(private readonly greeting: Greeting) {}

  @TaskHandler('greet')
  greet(name: string, task: TaskContext): unknown {
    return { greeting: this.greeting.text(name), isContext: task instanceof TaskContext, id: task.id };
  }

  @TaskHandler('first name')
  @TaskHandler('second name', { queue: 'other' })
  both(_data: unknown, task: TaskContext): string {
    return `${task.queue}/${task.name}`;
  }

  undecorated(): void {}
}

describe('@TaskHandler', () => {
  it('calls the method on its provider, with data and context', async () => {
    const result = await resultOf(await start([Greeting, Tasks]), 'greet', 'Ann');
    expect(result).toMatchObject({
      greeting: 'Hello Ann',
      isContext: true,
    });
    expect((result as { id: string }).id).toMatch(/^default:[0-9A-Z]{26}$/);
  });

  it('may stand twice on a method, and finds the queue of each name', async () => {
    const app = await start([Greeting, Tasks]);
    expect(await resultOf(app, 'first name')).toBe('default/first name');
    expect(await resultOf(app, 'second name')).toBe('other/second name');
  });

  it('works on controllers, inherited methods, factories and values', async () => {
    @Controller()
    class AController {
      @TaskHandler('controller')
      run(): string {
        return 'controller';
      }
    }
    class Base {
      @TaskHandler('inherited')
      run(): string {
        return this.constructor.name;
      }
    }
    @Injectable()
    class Derived extends Base {}
    class Made {
      constructor(private readonly by: string) {}
      @TaskHandler('made')
      run(): string {
        return this.by;
      }
    }
    class Value {
      @TaskHandler('value')
      run(): string {
        return 'value';
      }
    }
    const value = new Value();
    const app = await start(
      [
        Derived,
        { provide: 'made', useFactory: () => new Made('factory') },
        { provide: 'value', useValue: value },
        { provide: 'the same value', useValue: value },
        { provide: 'alias', useExisting: Derived },
      ],
      { controllers: [AController] },
    );
    expect(await resultOf(app, 'controller')).toBe('controller');
    expect(await resultOf(app, 'inherited')).toBe('Derived');
    expect(await resultOf(app, 'made')).toBe('factory');
    expect(await resultOf(app, 'value')).toBe('value');
  });

  it('says at start what it found, one line each', async () => {
    const { log } = await start([Greeting, Tasks]);
    expect(log.of('log').filter((line) => line.includes('is handled by'))).toEqual([
      'Task "greet" on queue "default" is handled by Tasks.greet (TestModule)',
      'Task "first name" on queue "default" is handled by Tasks.both (TestModule)',
      'Task "second name" on queue "other" is handled by Tasks.both (TestModule)',
    ]);
  });

  it('refuses two handlers for one name on one queue, and names both', async () => {
    @Injectable()
    class Rival {
      @TaskHandler('greet')
      greetToo(): void {}
    }
    await expect(start([Greeting, Tasks, Rival])).rejects.toMatchObject({
      code: 'DUPLICATE_HANDLER',
      message: expect.stringMatching(/Tasks\.greet.*Rival\.greetToo/) as string,
    });
  });

  it('refuses the same class in two modules: which one is meant?', async () => {
    @Module({ providers: [Greeting, Tasks] })
    class FirstModule {}
    @Module({ providers: [Greeting, Tasks] })
    class SecondModule {}
    await expect(start([], { imports: [FirstModule, SecondModule] })).rejects.toMatchObject({
      code: 'DUPLICATE_HANDLER',
      message: expect.stringMatching(/FirstModule.*SecondModule/) as string,
    });
  });

  it('refuses a bad name or queue where the class is written', () => {
    expect(() => TaskHandler('')).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(() => TaskHandler('x', { queue: 'a b' })).toThrow(expect.objectContaining({ code: 'INVALID_QUEUE' }));
  });
});

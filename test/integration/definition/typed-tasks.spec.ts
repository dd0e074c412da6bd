import { Injectable, type Type, UseInterceptors } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  defineTask,
  type RedisTaskQueueOptions,
  TaskContext,
  type TaskDefinition,
  TaskHandler,
} from '../../../lib/index.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('typed');

interface Mail {
  to: string;
}

const SendMail = defineTask<Mail, { sent: string }>('mail.send', { queue: 'mail', attempts: 3, backoff: 1 });

function start(providers: Type[] = [], options: RedisTaskQueueOptions = {}): Promise<TestApp> {
  return startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers);
}

describe('a task by its definition', () => {
  @Injectable()
  class Mails {
    @TaskHandler(SendMail)
    send({ to }: Mail, task: TaskContext): { sent: string } {
      if (task.attempt < 3) throw new Error('not yet');
      return { sent: to };
    }
  }

  it('is added to its queue, run with its options, and its result is read', async () => {
    const { producer, status } = await start([Mails]);
    const { id, queue } = await producer.add(SendMail, { to: 'ann' });
    expect(queue).toBe('mail');
    await reaches(status, id, 'completed');
    const found = await status.get(SendMail, id);
    expect(found?.result?.sent).toBe('ann');
    expect(found?.attempt).toBe(3);
  });

  it('is waited for, with its result, as long as it is of that name', async () => {
    const { producer, status } = await start([Mails]);
    const { id } = await producer.add(SendMail, { to: 'ann' });
    const { sent } = await status.wait(SendMail, id, { timeout: '10s' });
    expect(sent).toBe('ann');
    expect(await status.wait(id)).toEqual({ sent: 'ann' });
    const Other = defineTask('mail.other');
    await expect(status.wait(Other, id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(status.wait(SendMail, id, { timeout: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('has what a handler by its name says before what the definition says', async () => {
    const Letter = defineTask('letter.send', { priority: 1 });
    @Injectable()
    class Letters {
      @TaskHandler('letter.send', { priority: 7 })
      send(): void {
        // Nobody works on it here.
      }
    }
    const { producer, status } = await start([Letters], { consume: false });
    const { id } = await producer.add(Letter);
    expect(await fixture.redis.llen(`${fixture.prefix}task_queue:{default}:priority:7`)).toBe(1);
    expect(await status.get(id)).toMatchObject({ state: 'waiting' });
  });

  it('is the same task as by its name', async () => {
    const { producer, status } = await start([Mails]);
    const { id, queue } = await producer.add('mail.send', { to: 'ann' });
    expect(queue).toBe('mail');
    expect((await reaches(status, id, 'completed')).result).toEqual({ sent: 'ann' });
  });

  it('does not read a task of another name', async () => {
    const { producer, status } = await start();
    const { id } = await producer.add('mail.other');
    expect(await status.get(id)).toMatchObject({ name: 'mail.other' });
    expect(await status.get(SendMail, id)).toBeNull();
    expect(await status.get(SendMail, 'mail:unknown')).toBeNull();
    await expect(status.get(SendMail, undefined as unknown as string)).rejects.toMatchObject({ code: 'INVALID_ID' });
  });

  it('can be one of many in a bulk', async () => {
    const { producer } = await start();
    const rows = [SendMail.row({ to: 'ann' }), SendMail.row({ to: 'bob' }, { id: 'mine', queue: 'other' })];
    const added = await producer.addBulk([...rows, { name: 'mail.other', data: 1 }]);
    expect(added.map(({ queue }) => queue)).toEqual(['mail', 'other', 'default']);
    expect(added[1]?.id).toBe('other:mine');
    const envelopes = await fixture.redis.lrange(`${fixture.prefix}task_queue:{mail}`, 0, -1);
    expect(envelopes.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { name: 'mail.send', data: { to: 'ann' } },
    ]);
  });

  it.each([
    [undefined, 'INVALID_NAME'],
    [{ name: 'mail.send' }, 'INVALID_NAME'],
  ])('is no %j', async (task, code) => {
    const { producer } = await start();
    const add = producer.add.bind(producer) as (task: unknown, data: unknown) => Promise<unknown>;
    await expect(add(task, { to: 'ann' })).rejects.toMatchObject({ code });
    await expect(
      producer.addBulk([SendMail.row({ to: 'ann' }), SendMail.row({ to: 'bob' }, { batch: 1 } as object)]),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await fixture.keys()).toEqual([]);
  });
});

describe('where there is no handler', () => {
  const Report = defineTask<null>('report', { queue: 'reports', priority: 5, expiresIn: '1ms' });
  const Loose = defineTask<number>('loose', { priority: 5 });

  async function addedOf(task: TaskDefinition<null> | string, options: RedisTaskQueueOptions = {}) {
    const { producer, status } = await start([], options);
    const { id, queue } = await producer.add(task as string);
    return { queue, priority: (await status.get(id))?.priority };
  }

  it('queue and priority are those of the definition', async () => {
    expect(await addedOf(Report)).toEqual({ queue: 'reports', priority: 5 });
    expect(await addedOf('report')).toEqual({ queue: 'default', priority: 0 });
  });

  it("the module's tasks come before it, and its queues and defaults behind it", async () => {
    const tasks = { report: { priority: 9, queue: 'others' } };
    expect(await addedOf(Report, { tasks })).toEqual({ priority: 9, queue: 'others' });
    expect(await addedOf(Report, { queues: { reports: { priority: 9 } }, defaults: { priority: 9 } })).toMatchObject({
      priority: 5,
    });
  });

  it('add comes before all', async () => {
    const { producer, status } = await start([], { tasks: { report: { priority: 9 } } });
    const { id, queue } = await producer.add(Report, null, { priority: -1, queue: 'other', expiresIn: '1h' });
    expect(queue).toBe('other');
    expect((await status.get(id))?.priority).toBe(-1);
  });

  it('a task expires as the definition says', async () => {
    const { producer } = await start();
    const { id } = await producer.add(Report);
    class Tasks {
      @TaskHandler('report', { queue: 'reports' })
      run(): void {}
    }
    await delay(5);
    const { status } = await start([Tasks]);
    expect(await reaches(status, id, 'cancelled')).toMatchObject({ reason: 'expired' });
  });

  it('the queue is that of the handler where the definition has none', async () => {
    class Tasks {
      @TaskHandler(Loose, { queue: 'elsewhere' })
      run(_data: number): void {}
    }
    const { producer } = await start([Tasks]);
    expect((await producer.add(Loose, 1)).queue).toBe('elsewhere');
    const elsewhere = await start();
    expect((await elsewhere.producer.add(Loose, 1)).queue).toBe('default');
  });
});

describe('where there is a handler', () => {
  const Flaky = defineTask<null>('flaky', { queue: 'flaky', attempts: 4, backoff: 1, timeout: '1m' });

  /** How many attempts it has with these options. */
  async function attemptsOf(options: RedisTaskQueueOptions, own: { attempts?: number } = {}): Promise<number> {
    class Tasks {
      @TaskHandler(Flaky, own)
      run(): never {
        throw new Error('no');
      }
    }
    const app = await start([Tasks], options);
    const { id } = await app.producer.add(Flaky);
    const { attempt } = await reaches(app.status, id, 'failed');
    await stopApp(app);
    return attempt;
  }

  it('options come from add, tasks, the decorator, the definition, queues and defaults, in this order', async () => {
    expect(await attemptsOf({ defaults: { attempts: 7 } })).toBe(4);
    expect(await attemptsOf({ queues: { flaky: { attempts: 7 } } })).toBe(4);
    expect(await attemptsOf({}, { attempts: 2 })).toBe(2);
    expect(await attemptsOf({ tasks: { flaky: { attempts: 3 } } }, { attempts: 2 })).toBe(3);
  });

  it('a rate of the definition is kept', async () => {
    const Slow = defineTask<null>('slow', { rate: { max: 1, per: '1h' } });
    const began = new Latch();
    class Tasks {
      @TaskHandler(Slow)
      run(): void {
        began.open();
      }

      @TaskHandler('quick')
      quick(): void {}
    }
    const { producer, status } = await start([Tasks]);
    const { id: first } = await producer.add(Slow);
    const { id: second } = await producer.add(Slow);
    await began.opened;
    await reaches(status, first, 'completed');
    const { id: other } = await producer.add('quick');
    await reaches(status, other, 'completed');
    expect(await status.get(second)).toMatchObject({ state: 'waiting' });
  });

  it('may take batches', async () => {
    const Count = defineTask<number, number>('count', { queue: 'counts' });
    class Tasks {
      @TaskHandler(Count, { batch: { size: 2, maxWait: '10s' } })
      count(data: number[]): number[] {
        return data.map((each) => each * 10 + data.length);
      }
    }
    const { producer, status } = await start([Tasks]);
    const added = await producer.addBulk([Count.row(1), Count.row(2)]);
    const results = await Promise.all(added.map(async ({ id }) => (await reaches(status, id, 'completed')).result));
    expect(results).toEqual([12, 22]);
  });

  it('may have things around it', async () => {
    class Tasks {
      @TaskHandler(SendMail)
      @UseInterceptors({ intercept: (_context, next) => next.handle() })
      send({ to }: Mail): { sent: string } {
        return { sent: to };
      }
    }
    const { producer, status } = await start([Tasks]);
    const { id } = await producer.add(SendMail, { to: 'ann' });
    expect((await reaches(status, id, 'completed')).result).toEqual({ sent: 'ann' });
  });
});

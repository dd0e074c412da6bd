import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { getTaskProducerToken, RedisTaskQueueModule, TaskProducer, TaskStatusService } from '../../../lib/index.js';
import { RedisTaskQueueTestingModule } from '../../../lib/testing/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('plain-api');
const { redis } = fixture;
const start = (): ReturnType<typeof startApp> => startApp({ redis: fixture.url, prefix: fixture.prefix });
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('pushPlain', () => {
  it('pushes to the left of a list, as it is', async () => {
    const { producer } = await start();
    const list = `${fixture.prefix}elsewhere`;
    expect(await producer.pushPlain(list, 'one')).toBe(1);
    expect(await Promise.all(['', 'ünï 🎈\0'].map((value) => producer.pushPlain(list, value)))).toEqual([2, 3]);
    expect(await redis.lrange(list, 0, -1)).toEqual(['ünï 🎈\0', '', 'one']);
  });

  it('refuses what is wrong before anything is written', async () => {
    const { producer } = await startApp({ redis: fixture.url, prefix: fixture.prefix, maxDataBytes: 10 });
    const list = `${fixture.prefix}elsewhere`;
    const push = (name: unknown, value: unknown): Promise<number> =>
      producer.pushPlain(name as string, value as string);
    for (const wrong of ['', 'a\nb', 7, undefined, 'x'.repeat(300), `${fixture.prefix}task_queue:{q}`]) {
      await expect(push(wrong, 'x')).rejects.toEqual(code('INVALID_OPTIONS'));
    }
    for (const wrong of [7, undefined, null, { a: 1 }, Buffer.from('x'), '\ud800']) {
      await expect(push(list, wrong)).rejects.toEqual(code('INVALID_DATA'));
    }
    await expect(push(list, 'ä'.repeat(6))).rejects.toEqual(code('DATA_TOO_LARGE'));
    await redis.set(`${fixture.prefix}text`, 'precious');
    await expect(push(`${fixture.prefix}text`, 'x')).rejects.toEqual(code('REDIS_REFUSED'));
    expect(await fixture.keys()).toEqual(['text']);
  });

  it('sends what was pushed before the producer closes, and then refuses', async () => {
    const app = await start();
    const list = `${fixture.prefix}elsewhere`;
    const pushes = Promise.all(['1', '2'].map((value) => app.producer.pushPlain(list, value)));
    await stopApp(app);
    expect(await pushes).toEqual([1, 2]);
    await expect(app.producer.pushPlain(list, '3')).rejects.toEqual(code('PRODUCER_CLOSED'));
    expect(await redis.llen(list)).toBe(2);
  });
});

describe('getPlain and setPlain', () => {
  it('read and write words under keys that others know', async () => {
    const { status } = await start();
    const statusPrefix = `${fixture.prefix}status:`;
    expect(await status.getPlain('7', { statusPrefix })).toBeNull();
    await status.setPlain('7', 'in progress', undefined, { statusPrefix });
    expect(await redis.get(`${statusPrefix}7`)).toBe('in progress');
    expect(await redis.pttl(`${statusPrefix}7`)).toBe(-1);
    await status.setPlain('7', 'completed', '1h', { statusPrefix });
    expect(await redis.pttl(`${statusPrefix}7`)).toBeGreaterThan(3_590_000);
    await redis.set(`${statusPrefix}7`, 'anything at all\n');
    expect(await status.getPlain('7', { statusPrefix })).toBe('anything at all\n');
  });

  it('name their keys task_status:<id> unless told otherwise', async () => {
    const { status } = await start();
    // Without any prefix: so it is an id that nobody else has.
    const id = `${fixture.prefix}7`;
    try {
      await status.setPlain(id, 'done', '1m');
      expect(await redis.get(`task_status:${id}`)).toBe('done');
      expect(await status.getPlain(id)).toBe('done');
    } finally {
      await redis.del(`task_status:${id}`);
    }
  });

  it('leave alone what is no text, and say so', async () => {
    const { status } = await start();
    const statusPrefix = `${fixture.prefix}status:`;
    await redis.hset(`${statusPrefix}7`, 'precious', '1');
    const error = { code: 'NOT_A_PLAIN_STATUS', key: `${statusPrefix}7` };
    await expect(status.setPlain('7', 'x', undefined, { statusPrefix })).rejects.toMatchObject(error);
    await expect(status.getPlain('7', { statusPrefix })).rejects.toMatchObject(error);
    await expect(status.getPlain('7', { statusPrefix })).rejects.toThrow('holds no plain status but a hash');
    expect(await redis.hgetall(`${statusPrefix}7`)).toEqual({ precious: '1' });
  });

  it('refuse what is wrong before anything is written', async () => {
    const { status } = await startApp({ redis: fixture.url, prefix: 'task_' + fixture.prefix });
    const statusPrefix = `${fixture.prefix}status:`;
    const set = (...args: unknown[]): Promise<void> =>
      status.setPlain(...(args as Parameters<TaskStatusService['setPlain']>));
    for (const wrong of ['', 7, undefined, 'x'.repeat(300), '\ud800']) {
      await expect(set(wrong, 'x', undefined, { statusPrefix })).rejects.toEqual(code('INVALID_ID'));
      await expect(status.getPlain(wrong as string)).rejects.toEqual(code('INVALID_ID'));
    }
    for (const wrong of ['', 7, undefined, 'a\nb', 'x'.repeat(300)]) {
      await expect(set('7', wrong, undefined, { statusPrefix })).rejects.toEqual(code('INVALID_OPTIONS'));
    }
    for (const wrong of [0, -1, 'soon', Infinity, '366d', null]) {
      await expect(set('7', 'x', wrong, { statusPrefix })).rejects.toEqual(code('INVALID_OPTIONS'));
    }
    for (const wrong of [{ statusPrefix: '' }, { statusPrefix: 7 }, { prefix: 'x' }, null]) {
      await expect(set('7', 'x', undefined, wrong)).rejects.toEqual(code('INVALID_OPTIONS'));
      await expect(status.getPlain('7', wrong as object)).rejects.toEqual(code('INVALID_OPTIONS'));
    }
    expect(await fixture.keys()).toEqual([]);
  });

  it('keep off the keys of the module itself', async () => {
    const { status } = await start();
    const statusPrefix = `${fixture.prefix}task_status:`;
    await expect(status.setPlain('{q}:7', 'x', undefined, { statusPrefix })).rejects.toEqual(code('INVALID_OPTIONS'));
    await status.setPlain('7', 'x', undefined, { statusPrefix });
    expect(await fixture.keys()).toEqual(['task_status:7']);
  });
});

it('named instances have them, too', async () => {
  const options = { redis: fixture.url, prefix: fixture.prefix };
  const imports = [RedisTaskQueueModule.forRoot({ ...options, name: 'other' })];
  const { app } = await startApp(options, [], { imports });
  const producer = app.get<TaskProducer>(getTaskProducerToken('other'));
  expect(await producer.pushPlain(`${fixture.prefix}list`, 'x')).toBe(1);
});

describe('an application does not start', () => {
  const list = `${fixture.prefix}list`;

  it('where two of its instances name one list', async () => {
    const plain = [{ list, task: 'work', queue: 'q' }];
    const other = RedisTaskQueueModule.forRoot({ redis: fixture.url, prefix: 'other:', name: 'other', plain });
    const starting = startApp({ redis: fixture.url, prefix: fixture.prefix, plain }, [], { imports: [other] });
    await expect(starting).rejects.toEqual(code('INVALID_OPTIONS'));
    await expect(starting).rejects.toThrow(`"${list}"`.replaceAll('"', "'"));
  });

  it('where nobody can say on which queue the tasks are to run', async () => {
    const handlers = ['a', 'b'].map((queue) => workHandler(() => undefined, { queue }));
    const plain = [{ list, task: 'work' }];
    const starting = startApp({ redis: fixture.url, prefix: fixture.prefix, plain }, handlers);
    await expect(starting).rejects.toEqual(code('AMBIGUOUS_QUEUE'));
  });
});

it('an application that keeps its tasks in memory has none of it, and starts all the same', async () => {
  const builder = Test.createTestingModule({
    imports: [RedisTaskQueueModule.forRoot({ plain: [{ list: 'jobs', task: 'work', queue: 'q' }] })],
    providers: [workHandler(() => undefined, { queue: 'q' })],
  });
  const app = await RedisTaskQueueTestingModule.replaceRedis(builder).compile();
  await app.init();
  await expect(app.get(TaskProducer).pushPlain('jobs', 'x')).rejects.toEqual(code('NOT_IN_MEMORY'));
  await expect(app.get(TaskStatusService).getPlain('7')).rejects.toEqual(code('NOT_IN_MEMORY'));
  await expect(app.get(TaskStatusService).setPlain('7', 'x')).rejects.toEqual(code('NOT_IN_MEMORY'));
  await app.close();
});

import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { type TaskContext, TaskHandler, TaskQueueAdmin, type TaskLogLine } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('logs');
let late: () => void;
let gate = new Latch<void>();

@Injectable()
class Tasks {
  @TaskHandler('say')
  say(lines: string[], task: TaskContext): void {
    for (const line of lines) task.log(line);
  }

  @TaskHandler('wait')
  async wait(_data: unknown, task: TaskContext): Promise<void> {
    task.log('begun');
    await gate.opened;
  }

  @TaskHandler('count')
  count(lines: number, task: TaskContext): void {
    for (let n = 1; n <= lines; n++) task.log(`line ${n}`);
  }

  @TaskHandler('again', { attempts: 3, backoff: 0 })
  again(_data: unknown, task: TaskContext): void {
    task.log(`try ${task.attempt}`);
    if (task.attempt < 3) throw new Error('not yet');
  }

  @TaskHandler('fail')
  fail(_data: unknown, task: TaskContext): void {
    task.log('it fails');
    throw new Error('as it was to');
  }

  @TaskHandler('leak')
  leak(_data: unknown, task: TaskContext): void {
    task.log('in time');
    late = () => task.log('late');
  }

  @TaskHandler('anything')
  anything(_data: unknown, task: TaskContext): void {
    for (const value of [undefined, 1n, { a: 1 }]) task.log(value as unknown as string);
  }

  @TaskHandler('together', { batch: { size: 3, maxWait: 50 } })
  together(data: string[], tasks: TaskContext[]): void {
    tasks.forEach((task, at) => task.log(`hello ${data[at]}`));
  }
}

const start = (options: object = {}): Promise<TestApp> => {
  gate = new Latch<void>();
  return startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [Tasks]);
};
const texts = (lines: readonly TaskLogLine[]): string[] => lines.map(({ line }) => line);

/** Adds a task and waits for its end. */
async function run({ producer, status }: TestApp, name: string, data: unknown = null, id?: string): Promise<string> {
  const task = await producer.add(name, data, { ...(id && { id }) });
  await status.wait(task.id).catch(() => undefined);
  return task.id;
}

describe('what a handler logs', () => {
  it('is there as soon as its task has ended, oldest first, with time and attempt', async () => {
    const app = await start();
    const before = Date.now();
    const id = await run(app, 'say', ['one', '', 'drei 🙂\n"x"']);
    const lines = await app.status.logs(id);
    expect(lines).toEqual(
      ['one', '', 'drei 🙂\n"x"'].map((line) => ({ at: expect.any(Date) as Date, attempt: 1, line })),
    );
    for (const { at } of lines) expect(Math.abs(at.getTime() - before)).toBeLessThan(60_000);
  });

  it('is there while it runs', async () => {
    const app = await start();
    const { id } = await app.producer.add('wait', null);
    await eventually(async () => texts(await app.status.logs(id)).includes('begun'));
    await eventually(async () => (await app.status.get(id))?.state === 'active');
    gate.open();
    await app.status.wait(id);
  });

  it('is read in parts', async () => {
    const app = await start();
    const id = await run(app, 'count', 10);
    expect(texts(await app.status.logs(id, { offset: 7 }))).toEqual(['line 8', 'line 9', 'line 10']);
    expect(texts(await app.status.logs(id, { offset: 2, limit: 2 }))).toEqual(['line 3', 'line 4']);
    expect(await app.status.logs(id, { offset: 10 })).toEqual([]);
    for (const options of [{ offset: -1 }, { limit: 0 }, { last: 3 }]) {
      await expect(app.status.logs(id, options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    }
  });

  it('is bounded: the last thousand lines', async () => {
    const app = await start();
    const id = await run(app, 'count', 900, 'twice');
    await app.app.get(TaskQueueAdmin).discard(id);
    expect(await app.status.logs(id)).toHaveLength(900);
    const many = await run(app, 'count', 1_500);
    const lines = texts(await app.status.logs(many));
    expect(lines).toHaveLength(1_000);
    expect(lines[0]).toBe('(501 lines were dropped: too many at once)');
    expect([lines[1], lines.at(-1)]).toEqual(['line 502', 'line 1500']);
  });

  it('is kept of every attempt', async () => {
    const app = await start();
    const id = await run(app, 'again');
    expect(await app.status.logs(id)).toMatchObject([1, 2, 3].map((attempt) => ({ attempt, line: `try ${attempt}` })));
  });

  it('is that of each task of a batch', async () => {
    const app = await start();
    const names = ['a', 'b', 'c'];
    const ids = await Promise.all(names.map((name) => run(app, 'together', name)));
    for (const [at, id] of ids.entries()) expect(texts(await app.status.logs(id))).toEqual([`hello ${names[at]}`]);
  });

  it('counts for nothing once the run is over', async () => {
    const app = await start();
    const id = await run(app, 'leak');
    late();
    await run(app, 'say', ['later']);
    expect(texts(await app.status.logs(id))).toEqual(['in time']);
  });

  it('fails no task, whatever it is', async () => {
    const app = await start();
    const id = await run(app, 'anything');
    expect(await app.status.get(id)).toMatchObject({ state: 'completed' });
    expect(texts(await app.status.logs(id))).toEqual(['undefined', '1n', '{ a: 1 }']);
  });

  it('is not written over what somebody else keeps there, which fails no task either', async () => {
    const app = await start();
    await fixture.redis.set(`${fixture.prefix}task_logs:{default}:mine`, 'kept');
    const id = await run(app, 'say', ['one'], 'mine');
    expect(await app.status.get(id)).toMatchObject({ state: 'completed' });
    await expect(app.status.logs(id)).rejects.toMatchObject({ code: 'REDIS_REFUSED' });
    expect(await fixture.redis.get(`${fixture.prefix}task_logs:{default}:mine`)).toBe('kept');
  });

  it('may be what somebody else has pushed', async () => {
    const app = await start();
    await fixture.redis.rpush(`${fixture.prefix}task_logs:{default}:mine`, 'by hand', '{"at":"noon"}');
    const id = await run(app, 'say', ['one'], 'mine');
    expect(texts(await app.status.logs(id))).toEqual(['by hand', '{"at":"noon"}', 'one']);
  });
});

describe('how long it is kept', () => {
  const isKept = async (): Promise<boolean> =>
    (await fixture.keys()).some((key) => key.startsWith('task_logs:{default}:'));

  it('is a week from the last line on', async () => {
    const app = await start();
    const id = await run(app, 'say', ['one']);
    const [written] = await app.status.logs(id);
    const key = `${fixture.prefix}task_logs:{default}`;
    const until = await fixture.redis.pexpiretime(`${key}:${id.split(':')[1]}`);
    const days = (until - (written?.at.getTime() ?? 0)) / 86_400_000;
    expect(days).toBeCloseTo(7, 1);
    // What says that there may be such lists is there for as long as one of them.
    expect(await fixture.redis.pexpiretime(key)).toBe(until);
  });

  it('does not depend on the status of the queue', async () => {
    const app = await start({ queues: { default: { status: 'off' } } });
    const { id } = await app.producer.add('say', ['one']);
    await eventually(async () => (await app.status.logs(id)).length === 1);
  });

  it.each(['say', 'fail'])('is not at all where its task is not kept (%s)', async (name) => {
    const app = await start({ queues: { default: { retention: { completed: 0, failed: 0 } } } });
    const { id } = await app.producer.add(name, ['one']);
    await eventually(async () => (await app.status.get(id)) === null);
    await eventually(async () => !(await isKept()));
  });

  it('ends with a dead letter that is discarded', async () => {
    const app = await start();
    const id = await run(app, 'fail');
    expect(texts(await app.status.logs(id))).toEqual(['it fails']);
    expect(await app.app.get(TaskQueueAdmin).discard(id)).toBe(true);
    expect(await app.status.logs(id)).toEqual([]);
    expect(await isKept()).toBe(false);
  });
});

it('there is none of a task that nobody knows', async () => {
  const app = await start();
  for (const id of ['default:nobody', 'nowhere:1', 'no id at all']) expect(await app.status.logs(id)).toEqual([]);
  await expect(app.status.logs(1 as unknown as string)).rejects.toMatchObject({ code: 'INVALID_ID' });
});

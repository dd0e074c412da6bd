import { beforeEach, describe, expect, it } from 'vitest';
import { type TaskContext, TaskHandler } from '../../../lib/index.js';
import { call, callAt, jsonOf } from '../../support/command-line.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('cli-tasks');
let isBroken = false;
beforeEach(() => (isBroken = false));

class Tasks {
  @TaskHandler('work')
  work(data: unknown): unknown {
    if (isBroken) throw new TypeError('broken');
    return data;
  }

  @TaskHandler('wait')
  async wait(_: unknown, task: TaskContext): Promise<void> {
    await new Promise((_, reject) => task.signal.addEventListener('abort', () => reject(new Error('stopped'))));
  }
}

const start = (): Promise<TestApp> => startApp({ redis: fixture.url, prefix: fixture.prefix }, [Tasks]);

describe('add', () => {
  it('adds a task that workers run', async () => {
    const { code, out } = await callAt(fixture, ['add', 'work', '{"n":1}']);
    expect(code).toBe(0);
    const { status } = await start();
    expect(await reaches(status, out.trim(), 'completed')).toMatchObject({ name: 'work', result: { n: 1 } });
  });

  it('takes data from standard input, and options', async () => {
    const argv = ['add', 'work', '-', '-q', 'other', '--id', 'mine', '--delay', '1h', '--priority=-5'];
    const { code, out } = await callAt(fixture, argv, { stdin: '"from outside"' });
    expect([code, out]).toEqual([0, 'other:mine\n']);
    expect(await fixture.redis.hget(`${fixture.prefix}task_parked:{other}`, 'mine')).toContain('"from outside"');
    expect(await jsonOf(fixture, 'show', 'other:mine')).toMatchObject({ state: 'scheduled', priority: -5 });
  });

  it('says with its exit code that a task of that id is there already', async () => {
    await callAt(fixture, ['add', 'work', '--id', 'mine']);
    const { code, out } = await callAt(fixture, ['add', 'work', '--id', 'mine']);
    expect([code, out]).toEqual([1, 'default:mine is there already\n']);
  });

  it.each([
    [['add', ''], 'INVALID_NAME'],
    [['add', 'work', '--queue', 'a b'], 'INVALID_QUEUE'],
    [['add', 'work', '--delay', 'soon'], 'INVALID_OPTIONS'],
  ])('%j is refused before anything is written', async (argv, code) => {
    const result = await callAt(fixture, argv);
    expect(result.code).toBe(2);
    expect(result.err).toContain(code);
    expect(await fixture.keys()).toEqual([]);
  });
});

describe('show', () => {
  it('shows all that is known', async () => {
    const { status } = await start();
    const { out: id } = await callAt(fixture, ['add', 'work', '"\\u001b[31mred"']);
    await reaches(status, id.trim(), 'completed');
    const { code, out } = await callAt(fixture, ['show', id.trim()]);
    expect(code).toBe(0);
    expect(out).toMatch(/^state +completed$/m);
    expect(out).toMatch(/^result +\\u001b\[31mred$/m);
  });

  it.each(['default:nobody', 'nonsense'])('says that there is no task %s', async (id) => {
    const { code, out } = await callAt(fixture, ['show', id]);
    expect([code, out]).toEqual([1, `There is no task ${id} (any more)\n`]);
    expect((await callAt(fixture, ['show', id, '--json'])).out).toBe('null\n');
  });
});

describe('cancel', () => {
  it('calls off what waits and what runs, and says what it could not', async () => {
    const { out: waiting } = await callAt(fixture, ['add', 'work', '--delay', '1h']);
    const { status, producer } = await start();
    const running = await producer.add('wait');
    await reaches(status, running.id, 'active');
    const argv = ['cancel', waiting.trim(), running.id, 'default:nobody', '--reason', 'too late'];
    const { code, out } = await callAt(fixture, argv);
    expect(code).toBe(1);
    expect(out).toBe(
      `${waiting.trim()}: cancelled\n${running.id}: is told to stop\ndefault:nobody: there is no such task\n`,
    );
    expect(await reaches(status, running.id, 'cancelled')).toMatchObject({ reason: 'too late' });
    expect(await jsonOf(fixture, 'cancel', running.id)).toEqual([{ id: running.id, done: false, state: 'cancelled' }]);
  });
});

describe('retry', () => {
  it('puts dead letters back, one or all', async () => {
    isBroken = true;
    const { status, producer } = await start();
    const added = await producer.addBulk([1, 2, 3].map((data) => ({ name: 'work', data })));
    for (const { id } of added) await reaches(status, id, 'failed');
    isBroken = false;
    const [first = ''] = added.map(({ id }) => id);
    expect(await callAt(fixture, ['retry', first])).toMatchObject({ code: 0, out: `${first}: waits again\n` });
    await reaches(status, first, 'completed');
    expect(await callAt(fixture, ['retry', first])).toMatchObject({ code: 1, out: `${first}: is no dead letter\n` });
    expect(await jsonOf(fixture, 'retry', '--all', 'default', '--error', 'RangeError')).toMatchObject({ retried: 0 });
    expect(await jsonOf(fixture, 'retry', '--all', 'default')).toEqual({ queue: 'default', retried: 2 });
    for (const { id } of added) await eventually(async () => (await status.get(id))?.state === 'completed');
  });
});

describe('without Redis', () => {
  it('ends with 3', async () => {
    const { code, err } = await call(['show', 'default:a', '--redis', 'redis://127.0.0.1:1']);
    expect(code).toBe(3);
    expect(err).toContain('REDIS_UNAVAILABLE');
  });

  it('takes the address from the environment', async () => {
    const { code } = await call(['show', 'default:a'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(code).toBe(3);
  });
});

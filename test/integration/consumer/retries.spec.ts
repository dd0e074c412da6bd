import { describe, expect, it } from 'vitest';
import {
  type BackoffFunction,
  FailTask,
  RetryTask,
  SnoozeTask,
  type TaskContext,
  type TaskHandlerOptions,
} from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { reaches } from '../../support/settled.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('retries');
const key = (name: string): string => `${fixture.prefix}${name}`;

type Handle = (data: unknown, task: TaskContext) => unknown;

/** An application in which every attempt at task `work` is noted before it goes as `handle` says. */
async function start(handle: Handle, options: TaskHandlerOptions = {}): Promise<TestApp & { attempts: number[] }> {
  const attempts: number[] = [];
  const handler = workHandler((data: unknown, task) => {
    attempts.push(task.attempt);
    return handle(data, task);
  }, options);
  return { ...(await startApp({ redis: fixture.url, prefix: fixture.prefix }, [handler])), attempts };
}

function failUntil(attempt: number): Handle {
  return (_data, task) => {
    if (task.attempt < attempt) throw new Error(`failure ${task.attempt}`);
    return `done at ${task.attempt}`;
  };
}

describe('a handler that throws', () => {
  it('is tried again as often as its options say, each time with its number', async () => {
    const app = await start(failUntil(3), { attempts: 3, backoff: 5 });
    const { id } = await app.producer.add('work');
    const status = await reaches(app.status, id, 'completed');
    expect(app.attempts).toEqual([1, 2, 3]);
    expect(status).toMatchObject({ result: 'done at 3', attempt: 3 });
    expect(status.earlierErrors).toMatchObject([{ attempt: 1, message: 'failure 1' }]);
    expect(status.error).toMatchObject({ message: 'failure 2' });
    expect(app.log.of('warn').filter((line) => line.includes('tried again in 5 ms'))).toHaveLength(2);
  });

  it('is a dead letter after the last attempt, with data, attempts and the errors of the last five', async () => {
    const app = await start(failUntil(99), { attempts: 7, backoff: 1 });
    const { id } = await app.producer.add('work', { to: 'ann' }, { id: 'letter' });
    const status = await reaches(app.status, id, 'failed');
    expect(app.attempts).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(status.error).toMatchObject({ name: 'Error', message: 'failure 7' });
    expect(status.error?.stack).toContain('retries.spec');
    expect(status.earlierErrors.map(({ attempt, message }) => [attempt, message])).toEqual([
      [3, 'failure 3'],
      [4, 'failure 4'],
      [5, 'failure 5'],
      [6, 'failure 6'],
    ]);
    const letter = await fixture.redis.hget(key('task_parked:{default}'), 'letter');
    expect(JSON.parse(letter ?? '')).toMatchObject({ id: 'letter', attempt: 7, data: { to: 'ann' } });
    expect(await fixture.redis.zrange(key('task_dead:{default}'), '0', '-1')).toEqual(['letter']);
    expect(app.log.of('error')).toEqual([expect.stringContaining('failed at attempt 7 of 7: Error: failure 7')]);
  });

  it('says in its status when the next attempt is due', async () => {
    const app = await start(failUntil(2), { attempts: 2, backoff: '1h' });
    const { id } = await app.producer.add('work');
    const status = await reaches(app.status, id, 'retrying');
    expect(Math.abs(status.dueAt!.getTime() - status.startedAt!.getTime() - 3_600_000)).toBeLessThan(2_000);
    expect(status).toMatchObject({ attempt: 1, error: { message: 'failure 1' } });
  });

  it('fails at once without options: what it did may not be safe to do twice', async () => {
    const app = await start(failUntil(2));
    const { id } = await app.producer.add('work');
    await reaches(app.status, id, 'failed');
    expect(app.attempts).toEqual([1]);
  });

  it('goes by the options of the task before those of the handler', async () => {
    const app = await start(failUntil(99), { attempts: 9, backoff: '1h' });
    const { id } = await app.producer.add('work', null, { attempts: 2, backoff: { type: 'fixed', delay: 1 } });
    await reaches(app.status, id, 'failed');
    expect(app.attempts).toEqual([1, 2]);
  });

  it('works on a task from another language with what options it has, and without those that are wrong', async () => {
    const app = await start(failUntil(99), { backoff: 1 });
    await fixture.redis.lpush(key('task_queue:{default}'), '{"name":"work","id":"good","attempts":2}');
    await fixture.redis.lpush(key('task_queue:{default}'), '{"name":"work","id":"odd","attempts":"many"}');
    await fixture.redis.lpush(key('task_bell:{default}'), 1);
    await reaches(app.status, 'default:good', 'failed');
    await reaches(app.status, 'default:odd', 'failed');
    expect(app.attempts.toSorted((one, other) => one - other)).toEqual([1, 1, 2]);
    expect(app.log.of('warn')).toContainEqual(expect.stringContaining('default:odd: the options in its envelope'));
  });

  it('gives up when its time is over', async () => {
    const app = await start(failUntil(99), { attempts: 1_000, backoff: 20, retryFor: 100 });
    const { id } = await app.producer.add('work');
    await reaches(app.status, id, 'failed');
    expect(app.attempts.length).toBeGreaterThan(1);
    expect(app.attempts.length).toBeLessThan(7);
    expect(app.log.of('error')[0]).toContain('its time for attempts (100 ms) is over');
  });
});

describe('a backoff function', () => {
  const withBackoff = (backoff: BackoffFunction): TaskHandlerOptions => ({ attempts: 5, backoff });

  it('is told the attempt, the error and the task, and may give up', async () => {
    const told: unknown[] = [];
    const app = await start(
      failUntil(99),
      withBackoff((attempt, error, task) => {
        told.push([attempt, (error as Error).message, task]);
        return attempt === 2 ? false : 1;
      }),
    );
    const { id } = await app.producer.add('work', 'data');
    await reaches(app.status, id, 'failed');
    const task = { id, queue: 'default', name: 'work', data: 'data' };
    expect(told).toEqual([
      [1, 'failure 1', task],
      [2, 'failure 2', task],
    ]);
    expect(app.log.of('error')[0]).toContain('its backoff gave up');
  });

  it('that throws costs no attempt: the default takes its place', async () => {
    const app = await start(
      failUntil(99),
      withBackoff(() => {
        throw new Error('no idea');
      }),
    );
    const { id } = await app.producer.add('work');
    const { dueAt, startedAt } = await reaches(app.status, id, 'retrying');
    expect(dueAt!.getTime() - startedAt!.getTime()).toBeLessThanOrEqual(1_100);
    expect(app.log.of('warn')[0]).toContain('its backoff failed: Error: no idea');
  });
});

describe('what a handler may throw to say how it goes on', () => {
  it('RetryTask: when the next attempt is due; it uses one', async () => {
    const app = await start(
      (_data, { attempt }) => {
        if (attempt < 9) throw new RetryTask({ delay: 1 });
      },
      { attempts: 3, backoff: '1h' },
    );
    const { id } = await app.producer.add('work');
    const status = await reaches(app.status, id, 'failed');
    expect(app.attempts).toEqual([1, 2, 3]);
    expect(status.error?.name).toBe('RetryTask');
  });

  it('FailTask: no further attempt, with its reason', async () => {
    const app = await start(
      () => {
        throw new FailTask('no such customer');
      },
      { attempts: 9, backoff: 1 },
    );
    const { id } = await app.producer.add('work');
    const status = await reaches(app.status, id, 'failed');
    expect(app.attempts).toEqual([1]);
    expect(status.error).toMatchObject({ name: 'FailTask', message: 'no such customer' });
  });

  it('SnoozeTask: later, as if the attempt had not been, any number of times', async () => {
    let naps = 3;
    const app = await start(() => {
      if (naps-- > 0) throw new SnoozeTask('2ms');
      return 'awake';
    });
    const { id } = await app.producer.add('work');
    expect(await reaches(app.status, id, 'completed')).toMatchObject({ attempt: 1, error: null, dueAt: null });
    expect(app.attempts).toEqual([1, 1, 1, 1]);
    expect(app.log.of('warn')).toEqual([]);
  });

  it('SnoozeTask shows as scheduled, with its time', async () => {
    const app = await start(() => {
      throw new SnoozeTask('1h');
    });
    const { id } = await app.producer.add('work');
    const status = await reaches(app.status, id, 'scheduled');
    expect(status.dueAt!.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    expect(status).toMatchObject({ attempt: 0, startedAt: null });
  });

  it.each([-1, NaN, 'soon'])('refuses the delay %j by name', (delay) => {
    expect(() => new SnoozeTask(delay as never)).toThrow('"delay"');
    expect(() => new RetryTask({ delay: delay as never })).toThrow('"delay"');
  });
});

describe('anything may be thrown', () => {
  const cyclic: Record<string, unknown> = { name: 'cycle' };
  cyclic['self'] = cyclic;
  const hostile = new Proxy(new Error('hidden'), {
    get() {
      throw new Error('do not touch');
    },
  });
  const huge = new Error('x'.repeat(1_000_000), { cause: new Error('the root') });

  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['text', 'plain text', 'plain text'],
    ['a bigint', 7n, '7n'],
    ['a symbol', Symbol('odd'), 'Symbol(odd)'],
    ['a function', () => 1, 'Function'],
    ['a cyclic object', cyclic, 'cycle'],
    ['a hostile error', hostile, '(unreadable)'],
    ['an object without prototype', Object.create(null), 'null prototype'],
    ['several errors', new AggregateError([new Error('one'), new TypeError('two')], 'both'), 'TypeError: two'],
    ['a huge error', huge, 'xxx…'],
  ])('%s fails the task, is told, and hurts nobody', async (_what, thrown, told) => {
    const app = await start((data) => {
      if (data === 'good') return 'still here';
      throw thrown;
    });
    const { id } = await app.producer.add('work', 'bad');
    const { error } = await reaches(app.status, id, 'failed');
    expect(`${error?.name}: ${error?.message}`).toContain(told);
    expect(JSON.stringify(error).length).toBeLessThan(10_000);
    expect(app.log.of('error')).toHaveLength(1);
    const good = await app.producer.add('work', 'good');
    await reaches(app.status, good.id, 'completed');
  });

  it('tells the cause of an error behind its stack', async () => {
    const app = await start(() => {
      throw new Error('on top', { cause: new RangeError('the root') });
    });
    const { id } = await app.producer.add('work');
    expect((await reaches(app.status, id, 'failed')).error?.stack).toContain('RangeError: the root');
  });
});

describe('a task that expires', () => {
  it('is cancelled if no worker has come to it by then, and never runs', async () => {
    const { producer } = await startApp({ redis: fixture.url, prefix: fixture.prefix, consume: false });
    const { id } = await producer.add('work', null, { expiresIn: 30 });
    const fresh = await producer.add('work', null, { expiresIn: '1h' });
    await eventually(async () => {
      const [seconds = 0, micros = 0] = (await fixture.redis.time()).map(Number);
      const [oldest] = await fixture.redis.lrange(key('task_queue:{default}'), -1, -1);
      return (JSON.parse(oldest ?? '') as { expiresAt: number }).expiresAt < seconds * 1000 + micros / 1000;
    });
    const app = await start(() => 'ran');
    expect(await reaches(app.status, id, 'cancelled')).toMatchObject({ reason: 'expired', attempt: 0 });
    await reaches(app.status, fresh.id, 'completed');
    expect(app.attempts).toHaveLength(1);
    expect(await fixture.redis.ttl(key(`task_status:{default}:${id.slice(8)}`))).toBeGreaterThan(3_600);
  });

  it('may be tried again after its time: only the first attempt has to begin by then', async () => {
    const app = await start(failUntil(2), { attempts: 2, backoff: 60, expiresIn: 50 });
    const { id } = await app.producer.add('work');
    await reaches(app.status, id, 'completed');
    expect(app.attempts).toEqual([1, 2]);
  });
});

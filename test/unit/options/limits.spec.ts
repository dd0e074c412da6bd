import { describe, expect, it } from 'vitest';
import { InvalidOptionsError, TaskHandler } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import type { RedisTaskQueueOptions } from '../../../lib/options/index.js';
import { taskHandlerMetadata } from '../../../lib/decorators/task-handler.decorator.js';

const settings = (options: RedisTaskQueueOptions): TaskQueueSettings => new TaskQueueSettings(options, {});
const perSecond = (max: number): { max: number; per: '1s' } => ({ max, per: '1s' });

function problemsOf(make: () => unknown): string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error.problems.map(({ option }) => option);
    throw error;
  }
  return [];
}

describe('the limits of a queue', () => {
  it('are none unless somebody asks for some', () => {
    expect(settings({ queues: { email: { concurrency: 3 } } }).limits('email', [{ name: 'a' }])).toBeUndefined();
  });

  it('come from the queue, else from the defaults; of names from "tasks", else from the handler', () => {
    const given = settings({
      queues: { email: { rate: perSecond(1) } },
      tasks: { a: { rate: perSecond(2) }, elsewhere: { rate: perSecond(9) } },
      defaults: { rate: perSecond(3), globalConcurrency: 4 },
    });
    const handlers = [
      { name: 'a', rate: { max: 5, perMs: 1 } },
      { name: 'b', rate: { max: 6, perMs: 1 } },
      { name: 'c' },
    ];
    expect(given.limits('email', handlers)).toEqual({
      rate: { max: 1, perMs: 1_000 },
      globalConcurrency: 4,
      names: { a: { max: 2, perMs: 1_000 }, b: { max: 6, perMs: 1 } },
    });
    expect(given.limits('other', [])).toEqual({ rate: { max: 3, perMs: 1_000 }, globalConcurrency: 4 });
  });

  it('hold for a name like any other, whatever it is', () => {
    const handlers = [{ name: '__proto__', rate: { max: 1, perMs: 1 } }];
    expect(JSON.stringify(settings({}).limits('q', handlers)?.names)).toBe('{"__proto__":{"max":1,"perMs":1}}');
  });

  it.each([
    [{ max: 0, per: '1s' }, ['max']],
    [{ max: 1.5, per: '1s' }, ['max']],
    [{ max: 10_001, per: '1s' }, ['max']],
    [{ max: 1, per: '9ms' }, ['per']],
    [{ max: 1, per: '32d' }, ['per']],
    [{ max: 1, per: 'soon' }, ['per']],
    [{ max: 1, per: '1s', burst: 2 }, ['burst']],
    [{ max: 1 }, ['']],
    [{ per: '1s' }, ['']],
    [{}, ['']],
    [10, ['']],
    [null, ['']],
  ])('refuse the rate %j, wherever it is given', (rate, wrong) => {
    const at = (path: string): string[] => wrong.map((option) => (option === '' ? path : `${path}.${option}`));
    const given = rate as never;
    expect(problemsOf(() => settings({ queues: { q: { rate: given } } }))).toEqual(at('queues.q.rate'));
    expect(problemsOf(() => settings({ tasks: { a: { rate: given } } }))).toEqual(at('tasks.a.rate'));
    expect(problemsOf(() => settings({ defaults: { rate: given } }))).toEqual(at('defaults.rate'));
    expect(problemsOf(() => TaskHandler('a', { rate: given }))).toEqual(at('rate'));
  });

  it.each([0, -1, 1.5, '5', null])('refuse a globalConcurrency of %j', (globalConcurrency) => {
    const options = { defaults: { globalConcurrency: globalConcurrency as never } };
    expect(problemsOf(() => settings(options))).toEqual(['defaults.globalConcurrency']);
  });
});

it('a handler keeps its rate apart from the options that tasks can have', () => {
  class Tasks {
    @TaskHandler('a', { rate: { max: 2, per: '1m' }, attempts: 3 })
    a(this: void): void {}
  }
  const [metadata] = taskHandlerMetadata(Tasks.prototype.a);
  expect(metadata).toMatchObject({ rate: { max: 2, perMs: 60_000 }, settings: { attempts: 3 } });
});

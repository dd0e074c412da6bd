import { describe, expect, it } from 'vitest';
import { InvalidOptionsError, type PlainListOptions } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

const settings = (plain: unknown, prefix = ''): TaskQueueSettings =>
  new TaskQueueSettings({ plain: plain as PlainListOptions[], prefix }, {});

describe('plain lists', () => {
  it('have the documented defaults', () => {
    expect(settings(undefined).plain).toEqual([]);
    expect(settings([{ list: 'task_queue', task: 'work' }]).plain).toEqual([
      { list: 'task_queue', task: 'work', queue: undefined, statusPrefix: 'task_status:', idField: 'id' },
    ]);
  });

  it('may be several for one queue', () => {
    const two = [
      { list: 'a', task: 'work', queue: 'q' },
      { list: 'b', task: 'work', queue: 'q', statusPrefix: 's:', idField: 'job' },
    ];
    expect(settings(two).plain).toMatchObject(two);
  });

  it.each<[string, unknown, string]>([
    ['no array', { list: 'a', task: 'work' }, '"plain"'],
    ['no object', ['a'], '"plain.0"'],
    ['nothing', [undefined], '"plain.0"'],
    ['no list', [{ task: 'work' }], '"plain.0.list"'],
    ['no task', [{ list: 'a' }], '"plain.0.task"'],
    ['an empty list', [{ list: '', task: 'work' }], '"plain.0.list"'],
    ['a list with a line break', [{ list: 'a\n', task: 'work' }], '"plain.0.list"'],
    ['an empty task name', [{ list: 'a', task: '' }], '"plain.0.task"'],
    ['a queue that is none', [{ list: 'a', task: 'work', queue: 'a b' }], '"plain.0.queue"'],
    ['an empty prefix of statuses', [{ list: 'a', task: 'work', statusPrefix: '' }], '"plain.0.statusPrefix"'],
    ['an empty id field', [{ list: 'a', task: 'work', idField: '' }], '"plain.0.idField"'],
    ['a member that there is not', [{ list: 'a', task: 'work', retries: 3 }], '"plain.0.retries"'],
    [
      'one list twice',
      [
        { list: 'a', task: 'x' },
        { list: 'b', task: 'x' },
        { list: 'a', task: 'y' },
      ],
      '"plain.2.list"',
    ],
  ])('refuses %s', (_what, plain, option) => {
    expect(() => settings(plain)).toThrow(InvalidOptionsError);
    expect(() => settings(plain)).toThrow(option);
  });

  it.each(['task_queue:{q}', 'task_bell:{q}', 'task_plain:{q}:jobs', 'task_schedule_queues:me', 'task_nothing'])(
    'refuses the key %s of the module itself, with the prefix that it has',
    (key) => {
      const refused = (name: string, prefix: string): boolean => {
        try {
          settings([{ list: name, task: 'work' }], prefix);
          return false;
        } catch (error) {
          return error instanceof InvalidOptionsError;
        }
      };
      expect(refused(key, '')).toBe(true);
      expect(refused(`shop:${key}`, 'shop:')).toBe(true);
      expect(refused(key, 'shop:')).toBe(false);
    },
  );

  it('refuses statuses where those of the module stand', () => {
    expect(() => settings([{ list: 'a', task: 'work', statusPrefix: 'task_status:{q}:' }])).toThrow('none of the keys');
  });
});

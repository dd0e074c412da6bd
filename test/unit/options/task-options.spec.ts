import { describe, expect, it } from 'vitest';
import { backoffPolicy } from '../../../lib/options/backoff.js';
import { checkTaskOptions, type TaskOptions } from '../../../lib/options/task-options.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

const task = { id: 'q:1', queue: 'q', name: 'x', data: null };

describe('precedence', () => {
  it('is add, tasks, decorator, queue, defaults, option by option', () => {
    const settings = new TaskQueueSettings(
      {
        tasks: { x: { attempts: 4 } },
        queues: { q: { attempts: 2, timeout: '2s', retryFor: '2m' } },
        defaults: { attempts: 1, timeout: '1s', retryFor: '1m', backoff: 7 },
      },
      {},
    );
    const declared = checkTaskOptions({ attempts: 3, timeout: '3s' });
    const own = checkTaskOptions({ attempts: 5 });
    expect(settings.task('q', 'x', declared, own)).toMatchObject({
      attempts: 5,
      timeoutMs: 3_000,
      retryForMs: 120_000,
    });
    expect(settings.task('q', 'x', declared, undefined).attempts).toBe(4);
    expect(settings.task('q', 'y', declared, undefined).attempts).toBe(3);
    expect(settings.task('q', 'y', undefined, undefined).attempts).toBe(2);
    expect(settings.task('other', 'y', undefined, undefined).attempts).toBe(1);
    expect(settings.task('q', 'x', declared, own).backoff(1, null, task)).toBe(7);
  });

  it('ends with one attempt, no timeout and no limit of time', () => {
    const settings = new TaskQueueSettings({}, {}).task('q', 'x', undefined, undefined);
    expect(settings).toMatchObject({ attempts: 1, timeoutMs: 0, retryForMs: Infinity });
  });
});

describe('backoff', () => {
  const delays = (given: TaskOptions['backoff'], attempts: number[]): (number | null | undefined)[] =>
    attempts.map((attempt) => checkTaskOptions({ backoff: given }).backoff?.(attempt, new Error('x'), task));

  it('is fixed for a span of time', () => expect(delays('5s', [1, 2, 9])).toEqual([5_000, 5_000, 5_000]));

  it('grows exponentially up to its maximum, whatever the attempt', () => {
    const exponential = { type: 'exponential', delay: '1s', max: '10s' } as const;
    expect(delays(exponential, [1, 2, 3, 4, 5, 5_000])).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('leaves a part to chance', () => {
    const policy = (random: number): number | null => backoffPolicy('fixed', 1_000, undefined, 0.5, () => random)(1);
    expect([policy(0), policy(0.5), policy(0.998)]).toEqual([1_000, 750, 501]);
  });

  it('asks a function, which may give up', () => {
    const decide = (attempt: number, error: unknown): number | false =>
      (error as Error).message === 'x' && attempt < 3 ? attempt * 10 : false;
    expect(delays(decide, [1, 2, 3])).toEqual([10, 20, null]);
  });

  it.each([undefined, 'soon', -1, NaN, null, {}])('does not take %j from a function', (returned) => {
    const { backoff } = checkTaskOptions({ backoff: (() => returned) as never });
    expect(() => backoff?.(1, null, task)).toThrow(TypeError);
  });
});

describe('wrong options', () => {
  it.each<[string, unknown, string]>([
    ['attempts', 0, '"attempts" is 0'],
    ['attempts', 1.5, '"attempts" is 1.5'],
    ['attempts', Infinity, 'Infinity'],
    ['timeout', -1, '"timeout" is -1'],
    ['timeout', NaN, 'NaN'],
    ['timeout', '25d', "'25d'"],
    ['retryFor', 0, '"retryFor" is 0'],
    ['retryFor', '400d', "'400d'"],
    ['expiresIn', '1 week', "'1 week'"],
    ['expiresIn', 1e18, '1000000000000000000'],
    ['backoff', 'soon', '"backoff" is \'soon\''],
    ['backoff', { type: 'linear', delay: 1 }, '"backoff.type"'],
    ['backoff', { type: 'fixed' }, '"backoff"'],
    ['backoff', { type: 'fixed', delay: -5 }, '"backoff.delay"'],
    ['backoff', { type: 'fixed', delay: 1, jitter: 2 }, '"backoff.jitter"'],
    ['backoff', { type: 'exponential', delay: 1, maximum: 2 }, '"backoff.maximum"'],
    ['backof', 1, '"backof"'],
  ])('%s %j is refused by name', (name, value, message) => {
    expect(() => checkTaskOptions({ [name]: value })).toThrow(message);
    expect(() => new TaskQueueSettings({ defaults: { [name]: value } }, {})).toThrow(
      message.replace('"', '"defaults.'),
    );
    expect(() => new TaskQueueSettings({ tasks: { x: { [name]: value } } }, {})).toThrow(
      message.replace('"', '"tasks.x.'),
    );
  });
});

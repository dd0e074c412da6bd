import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { InvalidOptionsError, type RedisTaskQueueOptions } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

const settings = (options: unknown, environment: NodeJS.ProcessEnv = {}): TaskQueueSettings =>
  new TaskQueueSettings(options as RedisTaskQueueOptions, environment);

/** The message of the error that these options cause. */
function problemsOf(options: unknown, environment?: NodeJS.ProcessEnv): string {
  try {
    settings(options, environment);
  } catch (error) {
    if (error instanceof InvalidOptionsError && error.code === 'INVALID_OPTIONS') return error.message;
    throw error;
  }
  throw new Error('The options were accepted');
}

describe('TaskQueueSettings', () => {
  it('fills in the documented defaults', () => {
    expect(settings({})).toMatchObject({
      redis: 'redis://127.0.0.1:6379',
      prefix: '',
      consume: true,
      autoStart: true,
      leaseMs: 15_000,
      maxBlockedMs: 60_000,
      shutdownTimeoutMs: 10_000,
      commandTimeoutMs: 5_000,
      waitForRedis: true,
      globalEnhancers: true,
      maxDataBytes: 1_048_576,
    });
    expect(settings({}).queue('any')).toEqual({
      autoStart: true,
      concurrency: 10,
      completedTtlMs: 86_400_000,
      failedTtlMs: 604_800_000,
      cancelledTtlMs: 86_400_000,
      maxResultBytes: 65_536,
      maxLost: 2,
      maxLength: Infinity,
      agingMs: 0,
      groupConcurrency: 0,
      status: 'full',
      ack: 'batch',
      delivery: 'at-least-once',
    });
  });

  it('takes Redis from REDIS_URL unless the options name one', () => {
    const environment = { REDIS_URL: 'redis://elsewhere:7000' };
    expect(settings({}, environment).redis).toBe('redis://elsewhere:7000');
    expect(settings({ redis: 'rediss://here' }, environment).redis).toBe('rediss://here');
    expect(settings({}, { REDIS_URL: '' }).redis).toBe('redis://127.0.0.1:6379');
  });

  it.each<[RedisTaskQueueOptions, number]>([
    [{ maxBlocked: 0 }, 0],
    [{ maxBlocked: '15s' }, 15_000],
    [{ maxBlocked: '1h', lease: '1h' }, 3_600_000],
    [{ lease: '1m' }, 60_000],
    [{ lease: '2m' }, 0],
  ])('with %j lets a handler block the loop for %i ms', (options, maxBlockedMs) => {
    expect(settings(options).maxBlockedMs).toBe(maxBlockedMs);
  });

  it('prefers the options of a queue over the defaults, value by value', () => {
    const queue = settings({
      defaults: { concurrency: 3, retention: { completed: '1h', failed: '2h' } },
      queues: { email: { retention: { completed: 0 } } },
    }).queue('email');
    expect(queue).toMatchObject({ concurrency: 3, completedTtlMs: 0, failedTtlMs: 7_200_000 });
  });

  it.each<[RedisTaskQueueOptions['consume'], boolean, boolean]>([
    [true, true, true],
    [false, false, false],
    [['email'], true, false],
  ])('with consume %j works on email: %s, on other: %s', (consume, email, other) => {
    expect(settings({ consume }).consumes('email')).toBe(email);
    expect(settings({ consume }).consumes('other')).toBe(other);
  });

  it.each<[string, unknown, string, string, string]>([
    ['a misspelled option', { concurency: 1 }, '"concurency"', '1', 'one of redis, prefix'],
    ['a misspelled queue option', { queues: { email: { retries: 3 } } }, '"queues.email.retries"', '3', 'concurrency'],
    [
      'zero concurrency',
      { queues: { email: { concurrency: 0 } } },
      '"queues.email.concurrency"',
      '0',
      'from 1 to 10000',
    ],
    ['a fraction', { defaults: { concurrency: 1.5 } }, '"defaults.concurrency"', '1.5', 'a whole number'],
    ['text for a number', { maxDataBytes: '1mb' }, '"maxDataBytes"', "'1mb'", 'a whole number'],
    ['a queue name with a space', { queues: { 'e mail': {} } }, '"queues (a name in it)"', "'e mail'", 'A-Z a-z 0-9'],
    ['no object of queues', { queues: ['email'] }, '"queues"', "[ 'email' ]", 'an object'],
    ['a negative time', { lease: -1 }, '"lease"', '-1', 'from 500ms to 1h'],
    ['NaN', { commandTimeout: Number.NaN }, '"commandTimeout"', 'NaN', 'milliseconds or text'],
    ['an absurdly long time', { shutdownTimeout: '400d' }, '"shutdownTimeout"', "'400d'", 'to 1h'],
    ['a thread for next to nothing', { maxBlocked: 999 }, '"maxBlocked"', '999', '0, or milliseconds'],
    ['a block for longer than an hour', { maxBlocked: '2h' }, '"maxBlocked"', "'2h'", 'from 1s to 1h'],
    ['a block within the lease', { maxBlocked: '10s' }, '"maxBlocked"', "'10s'", 'as long as the lease (15000 ms)'],
    ['a retention in the wrong place', { retention: {} }, '"retention"', '{}', 'one of redis'],
    ['a wrong retention', { defaults: { retention: { failed: 'x' } } }, '"defaults.retention.failed"', "'x'", '365d'],
    ['braces in the prefix', { prefix: 'a{b}' }, '"prefix"', "'a{b}'", 'without white space and braces'],
    ['a number to consume', { consume: 1 }, '"consume"', '1', 'true, false, or a list'],
    ['a bad name to consume', { consume: ['a b'] }, '"consume"', "[ 'a b' ]", 'a list of queue names'],
    ['text for a choice', { waitForRedis: 'no' }, '"waitForRedis"', "'no'", 'true or false'],
    ['a list of global enhancers', { globalEnhancers: [] }, '"globalEnhancers"', '[]', 'true or false'],
    ['another protocol', { redis: 'http://host' }, '"redis"', "'text that is no URL and no path'", 'redis://'],
    ['a URL object', { redis: new URL('redis://host') }, '"redis"', "'an object that holds no options'", 'redis://'],
    ['a URL among options', { redis: { url: 'redis://host' } }, '"redis"', "'options with url'", 'redis://'],
    ['no text at all', { redis: 5 }, '"redis"', "'a value of type number'", 'a factory'],
    ['options that are none', 'redis://x', '"options"', "'redis://x'", 'an object'],
  ])('refuses %s, naming option, value and what is allowed', (_what, options, option, given, allowed) => {
    const message = problemsOf(options);
    expect(message).toContain(option);
    expect(message).toContain(`is ${given}`);
    expect(message).toContain(allowed);
  });

  it('refuses a client, pointing to the factory, and a key prefix, pointing to its own', () => {
    const client = new Redis({ lazyConnect: true });
    expect(problemsOf({ redis: client })).toMatch(/'a client'.*a factory that returns a new Redis/);
    expect(problemsOf({ redis: { keyPrefix: 'a:' } })).toMatch(/keyPrefix.*the module's prefix/);
  });

  it('names every wrong option in one error', () => {
    const message = problemsOf({ lease: 0, prefix: 5, queues: { email: { concurrency: -1 } } });
    expect(message).toMatch(/"lease".*"prefix"|"prefix".*"lease"/);
    expect(message).toContain('"queues.email.concurrency"');
  });

  it('names the environment where that is wrong', () => {
    expect(problemsOf({}, { REDIS_URL: 'localhost' })).toContain('"REDIS_URL (environment)"');
  });

  it('does not look at the environment where the options name a Redis', () => {
    expect(settings({ redis: 'redis://here' }, { REDIS_URL: 'nonsense' }).redis).toBe('redis://here');
  });

  it('tells of a wrong Redis once, whatever the environment says', () => {
    expect(problemsOf({ redis: 'nonsense' }, { REDIS_URL: 'nonsense' })).not.toContain('REDIS_URL');
  });

  it('never shows a password', () => {
    expect(problemsOf({ redis: 'default:secret@host:6379' })).not.toContain('secret');
    expect(problemsOf({ redis: ['redis://:secret@host'] })).not.toContain('secret');
    expect(problemsOf({}, { REDIS_URL: ':secret@host' })).not.toContain('secret');
    expect(problemsOf({ redis: 'http://user:secret@host' })).not.toContain('secret');
    expect(problemsOf({ redis: { password: 'secret', keyPrefix: 'x' } })).not.toContain('secret');
  });
});

describe('what is switched on and off', () => {
  it.each<[RedisTaskQueueOptions, boolean]>([
    [{}, true],
    [{ autoStart: false }, false],
    [{ autoStart: false, queues: { q: { autoStart: true } } }, true],
    [{ autoStart: false, defaults: { autoStart: true } }, true],
    [{ defaults: { autoStart: true }, queues: { q: { autoStart: false } } }, false],
    [{ queues: { other: { autoStart: false } } }, true],
  ])('a consumer starts with the application: %j → %s', (options, expected) => {
    expect(settings(options).queue('q').autoStart).toBe(expected);
  });

  it.each<[RedisTaskQueueOptions, boolean]>([
    [{}, true],
    [{ defaults: { schedules: false } }, false],
    [{ queues: { q: { schedules: false } } }, false],
    [{ tasks: { t: { schedules: false } } }, false],
    [{ defaults: { schedules: false }, queues: { q: { schedules: true } } }, true],
    [{ queues: { q: { schedules: false } }, tasks: { t: { schedules: true } } }, true],
    [{ queues: { other: { schedules: false } }, tasks: { other: { schedules: false } } }, true],
  ])('schedules in code: %j → %s', (options, expected) => {
    expect(settings(options).declaresSchedules('q', 't')).toBe(expected);
  });

  it.each([
    [{ autoStart: 'no' }, /"autoStart" is 'no'; allowed is true or false/],
    [{ queues: { q: { autoStart: 0 } } }, /"queues\.q\.autoStart" is 0/],
    [{ defaults: { schedules: 'off' } }, /"defaults\.schedules" is 'off'/],
    [{ tasks: { t: { schedules: null } } }, /"tasks\.t\.schedules" is null/],
    [{ tasks: { t: { queue: 'a:b' } } }, /"tasks\.t\.queue" is 'a:b'/],
    [{ tasks: { t: { batch: { size: 0 } } } }, /"tasks\.t\.batch\.size" is 0/],
    [{ tasks: { t: { batch: { maxwait: 1 } } } }, /"tasks\.t\.batch\.maxwait" is 1; allowed is one of size, maxWait/],
    [{ tasks: { t: { autoStart: false } } }, /"tasks\.t\.autoStart" is false; allowed is one of/],
    [{ tasks: { t: { concurrency: 1 } } }, /"tasks\.t\.concurrency" is 1; allowed is one of/],
    [{ queues: { q: { batch: { size: 1 } } } }, /"queues\.q\.batch" is .*; allowed is one of/],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf(options)).toMatch(problem);
  });
});

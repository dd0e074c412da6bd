import { describe, expect, it } from 'vitest';
import { InvalidTaskDataError, TaskRejectedError } from '../../../lib/errors/index.js';
import { describeFailure, describeForLog, showError, showFailure } from '../../../lib/consumer/task-failure.js';

describe('describeFailure', () => {
  it('keeps name, message and stack of an error', () => {
    const error = new TypeError('no such thing');
    expect(describeFailure(error)).toEqual({ name: 'TypeError', message: 'no such thing', stack: error.stack });
  });

  it.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['text', 'text'],
    [5n, '5n'],
    [Symbol('s'), 'Symbol(s)'],
    [{ a: 1 }, '{ a: 1 }'],
  ])('keeps %s, which is no error', (thrown, message) => {
    expect(describeFailure(thrown)).toEqual({ name: 'NonError', message });
    expect(showError(thrown)).toBe(message);
  });

  it('survives what throws when it is looked at', () => {
    const error = new Error('x');
    Object.defineProperty(error, 'message', {
      get() {
        throw new Error('gotcha');
      },
    });
    expect(describeFailure(error)).toMatchObject({ name: 'Error', message: '(unreadable)' });
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('gotcha');
        },
      },
    );
    expect(describeFailure(trap).name).toBe('NonError');
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    expect(describeFailure(revoked.proxy).name).toBe('NonError');
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(describeFailure(cyclic).message).toContain('Circular');
  });

  it.each([
    ['an object', { secret: 1 }],
    ['what an error was caused by', new Error('x', { cause: { secret: 1 } })],
    ['what many errors are made of', new AggregateError([{ secret: 1 }], 'x')],
  ])('leaves %s to the status, where it is for the log', (_what, thrown) => {
    expect(JSON.stringify(describeFailure(thrown))).toContain('secret');
    expect(JSON.stringify(describeForLog(thrown))).not.toContain('secret');
    expect(JSON.stringify(describeForLog(thrown))).toContain('an object that is no error');
    expect(showFailure(describeForLog(new TypeError('y')))).toBe('TypeError: y');
  });

  const invalid = new InvalidTaskDataError(
    't',
    [{ path: 'secret-key', message: 'got "secret $& value"\n    at secret' }],
    2,
  );
  it.each([
    ['where it is thrown', invalid],
    ['where a worker finds it', new TaskRejectedError('schema', invalid)],
    ['where it is the cause', new Error(`In vain: ${invalid.message}`, { cause: invalid })],
    ['where it is one of many', new AggregateError([invalid], 'x')],
  ])('leaves to the status what a schema found, %s', (_where, thrown) => {
    expect(JSON.stringify(describeFailure(thrown))).toContain('secret');
    const told = describeForLog(thrown);
    expect(JSON.stringify(told)).not.toContain('secret');
    expect(told.message + told.stack).toContain('Task "t" (row 2) has invalid data (issues: 1)');
    expect(told.stack).toContain('task-failure.spec');
  });

  it('bounds what is huge', () => {
    const error = new Error('m'.repeat(1_000_000));
    expect(JSON.stringify(describeFailure(error)).length).toBeLessThan(11_000);
    expect(describeFailure('t'.repeat(1_000_000)).message).toHaveLength(2_000);
  });
});

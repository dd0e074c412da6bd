import { describe, expect, it } from 'vitest';
import type { TaskHandlerEntry } from '../../../lib/handler/task-handler.js';
import { TaskHandlerRegistry } from '../../../lib/handler/task-handler.registry.js';
import type { RedisTaskQueueOptions } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

const entry = (name: string, queue: string, origin = `${name}@${queue}`): TaskHandlerEntry => ({
  name,
  queue,
  origin,
  settings: {},
  invoke: () => undefined,
});

const registryOf = (entries: TaskHandlerEntry[], options: RedisTaskQueueOptions = {}): TaskHandlerRegistry =>
  new TaskHandlerRegistry(() => entries, new TaskQueueSettings(options, {}));

describe('TaskHandlerRegistry', () => {
  it('knows handlers by queue and name', () => {
    const registry = registryOf([entry('a', 'x'), entry('b', 'x'), entry('a', 'y')]);
    expect(registry.queues).toEqual(['x', 'y']);
    expect(registry.of('y').get('a')?.origin).toBe('a@y');
    expect(registry.of('y').get('b')).toBeUndefined();
    expect(registry.of('z').size).toBe(0);
  });

  it('refuses two handlers for one name on one queue, and names both', () => {
    const registry = registryOf([entry('a', 'x', 'First.run'), entry('a', 'x', 'Second.run')]);
    expect(() => registry.load()).toThrow(
      expect.objectContaining({
        code: 'DUPLICATE_HANDLER',
        message: expect.stringMatching(/"a".*"x".*First\.run.*Second\.run/) as string,
      }),
    );
  });

  it('finds the queue of a task: its handler, else default, else an error', () => {
    const registry = registryOf([entry('a', 'x'), entry('b', 'x'), entry('b', 'y')]);
    expect(registry.queueFor('a')).toBe('x');
    expect(registry.queueFor('elsewhere')).toBe('default');
    expect(() => registry.queueFor('b')).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS_QUEUE', message: expect.stringContaining('x, y') as string }),
    );
  });

  it('looks again when told to', () => {
    const entries = [entry('a', 'x')];
    const registry = registryOf(entries);
    expect(registry.queueFor('late')).toBe('default');
    entries.push(entry('late', 'y'));
    registry.load();
    expect(registry.queueFor('late')).toBe('y');
  });
  it('puts handlers where the options say, and finds tasks there that no handler here is for', () => {
    const options = { tasks: { a: { queue: 'elsewhere' }, unknown: { queue: 'far' } } };
    const registry = registryOf([entry('a', 'x'), entry('b', 'x')], options);
    expect(registry.load().map(({ name, queue }) => `${name}@${queue}`)).toEqual(['a@elsewhere', 'b@x']);
    expect(registry.queues).toEqual(['elsewhere', 'x']);
    expect(registry.queueFor('a')).toBe('elsewhere');
    expect(registry.queueFor('unknown')).toBe('far');
    expect(registry.queueFor('b')).toBe('x');
  });

  it('refuses two handlers of a name that the options put on one queue', () => {
    const registry = registryOf([entry('a', 'x'), entry('a', 'y')], { tasks: { a: { queue: 'y' } } });
    expect(() => registry.load()).toThrow(expect.objectContaining({ code: 'DUPLICATE_HANDLER' }));
  });

  it('takes from the options how batches come together, and leaves the rest as it is declared', () => {
    const batch = { size: 10, maxWaitMs: 500 };
    const of = (given: object): unknown =>
      registryOf([{ ...entry('a', 'x'), batch }], { tasks: { a: { batch: given } } })
        .of('x')
        .get('a')?.batch;
    expect(of({})).toEqual(batch);
    expect(of({ size: 2 })).toEqual({ size: 2, maxWaitMs: 500 });
    expect(of({ maxWait: 0 })).toEqual({ size: 10, maxWaitMs: 0 });
    expect(of({ size: 1_000, maxWait: '1m' })).toEqual({ size: 1_000, maxWaitMs: 60_000 });
  });

  it('refuses batches for a handler that takes one task at a time', () => {
    const registry = registryOf([entry('a', 'x', 'Tasks.run')], { tasks: { a: { batch: { size: 2 } } } });
    expect(() => registry.load()).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringMatching(/tasks\.a\.batch.*Tasks\.run/) as string,
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import type { TaskHandlerEntry } from '../../../lib/handler/task-handler.js';
import { TaskHandlerRegistry } from '../../../lib/handler/task-handler.registry.js';

const entry = (name: string, queue: string, origin = `${name}@${queue}`): TaskHandlerEntry => ({
  name,
  queue,
  origin,
  settings: {},
  invoke: () => undefined,
});

describe('TaskHandlerRegistry', () => {
  it('knows handlers by queue and name', () => {
    const registry = new TaskHandlerRegistry(() => [entry('a', 'x'), entry('b', 'x'), entry('a', 'y')]);
    expect(registry.queues).toEqual(['x', 'y']);
    expect(registry.of('y').get('a')?.origin).toBe('a@y');
    expect(registry.of('y').get('b')).toBeUndefined();
    expect(registry.of('z').size).toBe(0);
  });

  it('refuses two handlers for one name on one queue, and names both', () => {
    const registry = new TaskHandlerRegistry(() => [entry('a', 'x', 'First.run'), entry('a', 'x', 'Second.run')]);
    expect(() => registry.load()).toThrow(
      expect.objectContaining({
        code: 'DUPLICATE_HANDLER',
        message: expect.stringMatching(/"a".*"x".*First\.run.*Second\.run/) as string,
      }),
    );
  });

  it('finds the queue of a task: its handler, else default, else an error', () => {
    const registry = new TaskHandlerRegistry(() => [entry('a', 'x'), entry('b', 'x'), entry('b', 'y')]);
    expect(registry.queueFor('a')).toBe('x');
    expect(registry.queueFor('elsewhere')).toBe('default');
    expect(() => registry.queueFor('b')).toThrow(
      expect.objectContaining({ code: 'AMBIGUOUS_QUEUE', message: expect.stringContaining('x, y') as string }),
    );
  });

  it('looks again when told to', () => {
    const entries = [entry('a', 'x')];
    const registry = new TaskHandlerRegistry(() => entries);
    expect(registry.queueFor('late')).toBe('default');
    entries.push(entry('late', 'y'));
    registry.load();
    expect(registry.queueFor('late')).toBe('y');
  });
});

import 'reflect-metadata';
import Module from 'node:module';
import { IsString } from 'class-validator';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { taskHandlerMetadata } from '../../../lib/decorators/task-handler.decorator.js';
import {
  defineTask,
  InvalidOptionsError,
  TaskHandler,
  type TaskHandlerOptions,
  TaskQueueError,
} from '../../../lib/index.js';

/** What a caller without types may give. */
const define = defineTask as (...given: unknown[]) => ReturnType<typeof defineTask>;

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TaskQueueError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe('defineTask', () => {
  it('keeps what it is given', () => {
    const schema = z.object({ to: z.string() });
    const task = defineTask('email.send', { queue: 'email', schema });
    expect(task).toMatchObject({ name: 'email.send', queue: 'email', schema });
  });

  it('knows schemas that are functions from classes', () => {
    const schema = Object.assign(() => undefined, { '~standard': z.string()['~standard'] });
    expect(define('email.send', { schema }).schema).toBe(schema);
  });

  it.each([
    ['INVALID_NAME', [undefined]],
    ['INVALID_NAME', ['']],
    ['INVALID_NAME', [{ name: 'email.send' }]],
    ['INVALID_QUEUE', ['email.send', { queue: 'no queue' }]],
    ['INVALID_OPTIONS', ['email.send', null]],
    ['INVALID_OPTIONS', ['email.send', 'email']],
    ['INVALID_OPTIONS', ['email.send', { attempts: 0 }]],
    ['INVALID_OPTIONS', ['email.send', { atempts: 3 }]],
    ['INVALID_OPTIONS', ['email.send', { rate: { max: 0, per: '1s' } }]],
    ['INVALID_OPTIONS', ['email.send', { delay: '1m' }]],
    ['INVALID_OPTIONS', ['email.send', { schema: null }]],
    ['INVALID_OPTIONS', ['email.send', { schema: { type: 'object' } }]],
    ['INVALID_OPTIONS', ['email.send', { schema: () => true }]],
    ['INVALID_OPTIONS', ['email.send', { schema: { '~standard': { version: 2, validate: () => ({}) } } }]],
    ['INVALID_OPTIONS', ['email.send', { schema: { '~standard': { version: 1 } } }]],
  ])('refuses with %s: %j', (code, given) => {
    expect(codeOf(() => define(...given))).toBe(code);
  });

  it('says where batches belong', () => {
    expect(() => define('email.send', { batch: { size: 2 } })).toThrow(
      'Option "batch" is { size: 2 }; allowed is in @TaskHandler',
    );
  });

  it.each(['class-validator', 'class-transformer'])(
    'says that %s is missing, and only where a class needs it',
    (name) => {
      class Mail {
        @IsString()
        to!: string;
      }
      const modules = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown };
      const load = modules._load;
      const spy = vi.spyOn(modules, '_load').mockImplementation((request, ...rest) => {
        if (request === name) throw new Error(`Cannot find module '${request}'`);
        return load.call(modules, request, ...rest);
      });
      try {
        expect(() => defineTask('email.send', { schema: z.object({}) })).not.toThrow();
        expect(() => defineTask('email.send', { schema: Mail })).toThrow(InvalidOptionsError);
        expect(() => defineTask('email.send', { schema: Mail })).toThrow(`npm install ${name}`);
      } finally {
        spy.mockRestore();
      }
      expect(() => defineTask('email.send', { schema: Mail })).not.toThrow();
    },
  );
});

describe('@TaskHandler with a definition', () => {
  const SendEmail = defineTask<string, void>('email.send', {
    queue: 'email',
    attempts: 5,
    timeout: '1m',
    priority: 7,
    rate: { max: 10, per: '1s' },
  });

  it('has the options of the definition behind its own', () => {
    class Tasks {
      @TaskHandler(SendEmail)
      send(_to: string): void {}

      @TaskHandler(SendEmail, { queue: 'other', attempts: 2, rate: { max: 1, per: '1s' }, backoff: undefined })
      other(_to: string): void {}
    }
    const methods = Tasks.prototype as unknown as Record<string, object>;
    expect(taskHandlerMetadata(methods['send']!)).toMatchObject([
      {
        name: 'email.send',
        queue: 'email',
        rate: { max: 10, perMs: 1_000 },
        settings: { attempts: 5, timeout: 60_000, priority: 7 },
        batch: undefined,
      },
    ]);
    expect(taskHandlerMetadata(methods['other']!)).toMatchObject([
      { queue: 'other', rate: { max: 1, perMs: 1_000 }, settings: { attempts: 2, timeout: 60_000, priority: 7 } },
    ]);
  });

  it.each([{ priority: 1 }, { expiresIn: '1m' }] as TaskHandlerOptions[])('refuses %j beside it', (options) => {
    expect(() => TaskHandler(SendEmail, options)).toThrow(InvalidOptionsError);
    expect(() => TaskHandler(SendEmail, options)).toThrow('allowed is in defineTask');
    expect(() => TaskHandler('email.send', options)).not.toThrow();
  });

  it.each([undefined, null, {}, { name: 'email.send' }])('refuses %j instead of one', (task) => {
    expect(codeOf(() => TaskHandler(task as unknown as string))).toBe('INVALID_NAME');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueOptions } from '../../../lib/index.js';
import { layUnder } from '../../../lib/options/feature-layer.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });

const queueOptions: fc.Arbitrary<QueueOptions> = fc.record({
  concurrency: maybe(fc.integer({ min: 1, max: 100 })),
  attempts: maybe(fc.integer({ min: 1, max: 9 })),
  retention: maybe(
    fc.record({ completed: maybe(fc.integer({ min: 0, max: 99 })), failed: maybe(fc.integer({ min: 0, max: 99 })) }),
  ),
  groups: maybe(fc.record({ concurrency: maybe(fc.integer({ min: 1, max: 99 })) })),
});

describe('The options of a feature', () => {
  it('fill what forRoot leaves open, option by option, and come before its defaults', () => {
    fc.assert(
      fc.property(queueOptions, queueOptions, queueOptions, (own, ofFeature, defaults) => {
        const settings = new TaskQueueSettings({ queues: { q: own }, defaults }, {});
        settings.addFeature({ queues: { q: ofFeature } }, 'here');
        const layers = [own, ofFeature, defaults];
        const first = <T>(read: (layer: QueueOptions) => T | undefined): T | undefined =>
          layers.map(read).find((value) => value !== undefined);
        expect(settings.queue('q')).toMatchObject({
          concurrency: first(({ concurrency }) => concurrency) ?? 10,
          completedTtlMs: first(({ retention }) => retention?.completed) ?? 86_400_000,
          failedTtlMs: first(({ retention }) => retention?.failed) ?? 7 * 86_400_000,
          groupConcurrency: first(({ groups }) => groups?.concurrency) ?? 0,
        });
        expect(settings.task('q', 'x', undefined, undefined).attempts).toBe(first(({ attempts }) => attempts) ?? 1);
      }),
    );
  });

  it('keep values that are no objects as they are', () => {
    const backoff = (): number => 5;
    const upper = new Map([['x', { attempts: undefined, rate: { max: 1, perMs: 2 } }]]) as Map<string, object>;
    layUnder(upper, new Map([['x', { attempts: 3, backoff, rate: { max: 9, perMs: 9 } }]]));
    expect(upper.get('x')).toEqual({ attempts: 3, backoff, rate: { max: 1, perMs: 2 } });
  });

  it('of other queues and tasks stay what they are', () => {
    const settings = new TaskQueueSettings({ queues: { a: { concurrency: 3 } } }, {});
    settings.addFeature({ queues: { b: { concurrency: 4 } }, tasks: { x: { rate: { max: 1, per: '1s' } } } }, 'here');
    expect([settings.queue('a').concurrency, settings.queue('b').concurrency]).toEqual([3, 4]);
    expect(settings.limits('b', [{ name: 'x' }])?.names).toEqual({ x: { max: 1, perMs: 1_000 } });
  });

  it('take nothing over where something is wrong', () => {
    const settings = new TaskQueueSettings({}, {});
    settings.addFeature({ queues: { b: { concurrency: 4 } } }, 'one');
    const conflicting = { queues: { a: { concurrency: 3 }, b: { concurrency: 5 } } };
    expect(() => settings.addFeature(conflicting, 'two')).toThrow(
      expect.objectContaining({ code: 'CONFLICTING_OPTIONS' }) as Error,
    );
    expect(() => settings.addFeature({ queues: { a: { concurrency: 3 } }, tasks: 5 as never }, 'two')).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }) as Error,
    );
    expect(settings.queue('a').concurrency).toBe(10);
  });
});

import { describe, expect, it } from 'vitest';
import { TaskHandler } from '../../../lib/index.js';
import { type BatchOptions, checkBatchOptions } from '../../../lib/options/batch-options.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';

describe('batch options', () => {
  it('have no waiting by default', () => expect(checkBatchOptions({ size: 5 })).toEqual({ size: 5, maxWaitMs: 0 }));

  it('take spans of time', () => {
    expect(checkBatchOptions({ size: 1_000, maxWait: '2s' })).toEqual({ size: 1_000, maxWaitMs: 2_000 });
  });

  it.each([
    [{}, 'batch.size'],
    [{ size: 0 }, 'batch.size'],
    [{ size: 1_001 }, 'batch.size'],
    [{ size: 2.5 }, 'batch.size'],
    [{ size: '10' }, 'batch.size'],
    [{ size: 5, maxWait: -1 }, 'batch.maxWait'],
    [{ size: 5, maxWait: '2h' }, 'batch.maxWait'],
    [{ size: 5, maxWait: 'soon' }, 'batch.maxWait'],
    [{ size: 5, wait: 1 }, 'batch.wait'],
    [5, 'batch'],
    [null, 'batch'],
    [[5], 'batch'],
  ])('refuse %j, and say what is wrong', (batch, option) => {
    expect(() => TaskHandler('x', { batch: batch as BatchOptions })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        problems: expect.arrayContaining([expect.objectContaining({ option })]) as unknown,
      }),
    );
  });

  it('belong to the handler, which must know what it gets: not to the options of a queue', () => {
    const options = { queues: { x: { batch: { size: 5 } } } } as object;
    expect(() => new TaskQueueSettings(options, {})).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { batchResults } from '../../../lib/consumer/batch-results.js';
import { FailTask } from '../../../lib/index.js';

describe('what a batch handler returned', () => {
  it('is nothing: all are completed, without a result', async () => {
    expect(await batchResults(undefined, 2)).toEqual([{ value: undefined }, { value: undefined }]);
  });

  it('is a result for each', async () => {
    expect(await batchResults([1, null, undefined], 3)).toEqual([{ value: 1 }, { value: null }, { value: undefined }]);
  });

  it('is an error for some', async () => {
    const [plain, final] = [new TypeError('no'), new FailTask('never')];
    expect(await batchResults([1, plain, final], 3)).toEqual([{ value: 1 }, { thrown: plain }, { thrown: final }]);
  });

  it('is a promise for each', async () => {
    const later = delay(1, 'later');
    const failed = delay(1).then(() => Promise.reject(new Error('no')));
    expect(await batchResults([later, failed, 'at once'], 3)).toEqual([
      { value: 'later' },
      { thrown: new Error('no') },
      { value: 'at once' },
    ]);
  });

  it('holds something that cannot even be looked at', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await batchResults([proxy, 2], 2)).toEqual([{ thrown: expect.any(TypeError) as unknown }, { value: 2 }]);
  });

  it.each([
    [[1], 'an array of 1'],
    [[1, 2, 3], 'an array of 3'],
    [null, 'null'],
    [5, 'a value of type number'],
    [{ length: 2 }, 'a value of type object'],
    ['ab', 'a value of type string'],
  ])('is %j: nobody knows what that says of which task', async (returned, what) => {
    await expect(batchResults(returned, 2)).rejects.toMatchObject({
      code: 'INVALID_BATCH_RESULT',
      message: expect.stringContaining(`returned ${what} for a batch of 2 tasks`) as unknown,
    });
  });

  it('is too few promises, one of which rejects: that is no unhandled rejection', async () => {
    await expect(batchResults([Promise.reject(new Error('no'))], 2)).rejects.toMatchObject({
      code: 'INVALID_BATCH_RESULT',
    });
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../../../lib/broker/redis/deadlines.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const open = (): Deadlines => new Deadlines((timeoutMs) => new Error(`waited for ${timeoutMs} ms`));
const never = new Promise<never>(() => undefined);

/** What has become of each wait so far. */
function watch(waits: Record<string, Promise<unknown>>): Record<string, string> {
  const seen: Record<string, string> = {};
  for (const [name, wait] of Object.entries(waits)) {
    wait.then(
      (value) => (seen[name] = String(value)),
      (error: unknown) => (seen[name] = (error as Error).message),
    );
  }
  return seen;
}

describe('Deadlines', () => {
  it('passes on replies and errors that come in time, and leaves no timer behind', async () => {
    const deadlines = open();
    const now = performance.now();
    await expect(deadlines.within(now, 100, Promise.resolve('reply'))).resolves.toBe('reply');
    await expect(deadlines.within(now, 100, Promise.reject(new Error('broke')))).rejects.toThrow('broke');
    deadlines.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends each wait at its own time, in whatever order they began', async () => {
    const deadlines = open();
    const seen = watch({
      b: deadlines.within(performance.now(), 200, never),
      a: deadlines.within(performance.now(), 100, never),
      c: deadlines.within(performance.now(), 300, never),
    });
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(99);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ a: 'waited for 100 ms' });
    await vi.advanceTimersByTimeAsync(100);
    expect(seen).toEqual({ a: 'waited for 100 ms', b: 'waited for 200 ms' });
    await vi.advanceTimersByTimeAsync(100);
    expect(Object.keys(seen)).toEqual(['a', 'b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends a wait in time that began after others which were answered', async () => {
    const deadlines = open();
    await deadlines.within(performance.now(), 100, Promise.resolve());
    await vi.advanceTimersByTimeAsync(60);
    const seen = watch({ late: deadlines.within(performance.now(), 100, never) });
    await vi.advanceTimersByTimeAsync(99);
    expect(seen).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual({ late: 'waited for 100 ms' });
  });

  it('serves on after a time without anybody', async () => {
    const deadlines = open();
    await deadlines.within(performance.now(), 100, Promise.resolve());
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
    const seen = watch({ late: deadlines.within(performance.now(), 100, never) });
    await vi.advanceTimersByTimeAsync(100);
    expect(seen).toEqual({ late: 'waited for 100 ms' });
  });

  it('counts from when the caller began', async () => {
    const deadlines = open();
    const begun = performance.now();
    await vi.advanceTimersByTimeAsync(60);
    const seen = watch({ late: deadlines.within(begun, 100, never) });
    await vi.advanceTimersByTimeAsync(40);
    expect(seen).toEqual({ late: 'waited for 100 ms' });
  });

  it('leaves nobody alone who still waits when it is closed', async () => {
    const deadlines = open();
    const seen = watch({ late: deadlines.within(performance.now(), 100, never) });
    deadlines.close();
    await vi.advanceTimersByTimeAsync(100);
    expect(seen).toEqual({ late: 'waited for 100 ms' });
  });
});

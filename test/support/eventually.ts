import { setTimeout as delay } from 'node:timers/promises';

/** Waits until the condition holds, and returns its value; fails with the last reason after the deadline. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, everyMs = 10, what = 'The condition' } = {},
): Promise<Exclude<NonNullable<T>, false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let reason: unknown = 'it is falsy';
    try {
      const value = await condition();
      if (value) return value as Exclude<NonNullable<T>, false>;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what} did not hold within ${timeoutMs} ms: ${String(reason)}`, { cause: reason });
    }
    await delay(everyMs);
  }
}

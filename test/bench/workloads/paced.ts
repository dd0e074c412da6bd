import { setTimeout as delay } from 'node:timers/promises';

/** Calls `start` for 0 to `count`, the latter excluded, one each `intervalMs`, whether or not those before have ended. */
export async function paced(count: number, intervalMs: number, start: (n: number) => Promise<unknown>): Promise<void> {
  const firstAt = performance.now();
  const started: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    await delay(Math.max(0, firstAt + n * intervalMs - performance.now()));
    started.push(start(n));
  }
  await Promise.all(started);
}

import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 1;

/** For peers that do not say when a task is done: looks each millisecond until there is something. */
export async function polled<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(LOOK_AGAIN_MS);
  }
}

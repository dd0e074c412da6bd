import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** A worker freezes for longer than its lease, and wakes up in the belief that nothing has happened. */
export const sigstop: Fault = {
  name: 'sigstop',
  weight: 3,
  on: 'worker',
  async inject({ workers, settings }, random) {
    const free = workers.filter(({ isFree }) => isFree);
    // Somebody has to be there to take over.
    if (free.length < 2) return;
    const ms = settings.leaseMs * (1.1 + 2 * random.next());
    await random.pick(free).freeze(() => delay(ms));
  },
};

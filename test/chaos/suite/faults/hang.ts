import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Redis freezes, and does later what its clients have given up by then. */
export const hang: Fault = {
  name: 'hang',
  weight: 1,
  on: 'redis',
  async inject({ server }, random) {
    const { pid } = server;
    if (pid === null) return;
    process.kill(pid, 'SIGSTOP');
    await delay(random.integer(200, 2_500));
    process.kill(pid, 'SIGCONT');
  },
};

import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Redis is killed, and comes back after a while. */
export const crash: Fault = {
  name: 'crash',
  weight: 1,
  on: 'redis',
  async inject({ server }, random) {
    await server.kill();
    await delay(random.integer(0, 3_000));
    await server.restart();
  },
};

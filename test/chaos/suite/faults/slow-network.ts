import { setTimeout as delay } from 'node:timers/promises';
import { NETWORK_DELAY_MS } from '../settings.js';
import type { Fault } from './fault.js';

/** Every packet takes its time. */
export const slowNetwork: Fault = {
  name: 'slow-network',
  weight: 2,
  on: 'network',
  async inject({ networks }, random) {
    for (const network of networks) network.delayMs = random.integer(5, 150);
    await delay(random.integer(500, 2_500));
    for (const network of networks) network.delayMs = NETWORK_DELAY_MS;
  },
};

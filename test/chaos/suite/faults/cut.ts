import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** The network breaks, up to three times in a row. */
export const cut: Fault = {
  name: 'cut',
  weight: 2,
  on: 'network',
  async inject({ networks }, random) {
    for (let times = random.integer(1, 3); times > 0; times--) {
      for (const network of networks) network.cut();
      await delay(random.integer(10, 300));
    }
  },
};

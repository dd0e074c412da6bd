import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Nothing passes between any process and Redis, and nobody is told. */
export const silence: Fault = {
  name: 'silence',
  weight: 1,
  on: 'network',
  async inject({ networks }, random) {
    for (const network of networks) network.silence();
    await delay(random.integer(100, 3_000));
    for (const network of networks) network.speak();
  },
};

import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** Redis answers nobody for a while, as during a failover. */
export const pause: Fault = {
  name: 'pause',
  weight: 1,
  on: 'redis',
  async inject({ redis }, random) {
    const ms = random.integer(100, 2_500);
    await redis.client('PAUSE', ms, 'ALL');
    await delay(ms);
  },
};

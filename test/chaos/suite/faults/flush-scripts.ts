import type { Fault } from './fault.js';

/** Redis forgets all scripts. */
export const flushScripts: Fault = {
  name: 'flush-scripts',
  weight: 1,
  on: 'redis',
  async inject({ redis }) {
    await redis.script('FLUSH');
  },
};

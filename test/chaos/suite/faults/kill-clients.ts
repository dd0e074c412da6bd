import type { Fault } from './fault.js';

/** Redis closes all connections. */
export const killClients: Fault = {
  name: 'kill-clients',
  weight: 2,
  on: 'redis',
  async inject({ redis }) {
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  },
};

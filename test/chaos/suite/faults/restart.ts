import type { Fault } from './fault.js';

/** Redis is stopped and started again. */
export const restart: Fault = {
  name: 'restart',
  weight: 1,
  on: 'redis',
  async inject({ server }) {
    await server.restart();
  },
};

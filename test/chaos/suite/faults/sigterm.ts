import type { Fault } from './fault.js';

/** A worker is told to stop, as at a deployment. */
export const sigterm: Fault = {
  name: 'sigterm',
  weight: 3,
  on: 'worker',
  async inject({ workers }, random) {
    const free = workers.filter(({ isFree }) => isFree);
    if (free.length > 0) await random.pick(free).terminate();
  },
};

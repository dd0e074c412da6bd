import type { Fault } from './fault.js';

/** A worker is killed. */
export const sigkill: Fault = {
  name: 'sigkill',
  weight: 4,
  on: 'worker',
  async inject({ workers }, random) {
    random.pick(workers).kill();
  },
};

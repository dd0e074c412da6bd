import type { Fault } from './fault.js';

/** A producer is killed, perhaps between what it sent and the answer. */
export const producerKill: Fault = {
  name: 'producer-kill',
  weight: 1,
  on: 'worker',
  async inject({ producers }, random) {
    random.pick(producers).kill();
  },
};

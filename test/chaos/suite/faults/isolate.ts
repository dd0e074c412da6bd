import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';

/** One process hears nothing from Redis for a time, often longer than the lease: it lives on, and others take over. */
export const isolate: Fault = {
  name: 'isolate',
  weight: 3,
  on: 'network',
  async inject({ networks, settings, incidents }, random) {
    const network = random.pick(networks);
    await incidents.absence(networks.indexOf(network) + 1, async () => {
      network.silence();
      await delay(settings.leaseMs * (0.3 + 2 * random.next()));
      network.speak();
    });
  },
};

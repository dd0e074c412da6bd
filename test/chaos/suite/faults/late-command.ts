import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { PATIENCE_MS, randomCommand } from './random-command.js';

/** The connection breaks with a command on its way, which Redis does when its sender has long gone on without it. */
export const lateCommand: Fault = {
  name: 'late-command',
  weight: 3,
  on: 'network',
  async inject({ networks, settings }, random) {
    const held = random.pick(networks).holdBack(randomCommand(random));
    const command = await Promise.race([held, delay(PATIENCE_MS)]);
    if (!command) return;
    await delay(settings.leaseMs * 1.5 * random.next());
    // Redis may have gone away with the connection.
    await Promise.race([command.deliver(), delay(PATIENCE_MS)]);
  },
};

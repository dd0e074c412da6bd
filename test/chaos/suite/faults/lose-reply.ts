import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { PATIENCE_MS, randomCommand } from './random-command.js';

/** Redis does what it is told, and the connections break before the answers have arrived. */
export const loseReply: Fault = {
  name: 'lose-reply',
  weight: 4,
  on: 'network',
  async inject({ networks }, random) {
    // The connection may break by itself before.
    const losses = networks.map((network) => network.loseReplyTo(randomCommand(random)).catch(() => undefined));
    await Promise.race([Promise.all(losses), delay(PATIENCE_MS)]);
  },
};

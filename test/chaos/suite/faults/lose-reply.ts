import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from './fault.js';
import { PATIENCE_MS, randomCommand } from './random-command.js';

/** Redis does what it is told, and the connection breaks before the answer has arrived. */
export const loseReply: Fault = {
  name: 'lose-reply',
  weight: 3,
  on: 'network',
  async inject({ networks }, random) {
    await Promise.race([random.pick(networks).loseReplyTo(randomCommand(random)), delay(PATIENCE_MS)]);
  },
};

import { setTimeout as delay } from 'node:timers/promises';
import type { TcpProxy } from '../../../support/tcp-proxy.js';
import type { Random } from '../random.js';
import type { Fault } from './fault.js';
import { PATIENCE_MS, randomCommand } from './random-command.js';

/** Connections break with a command on its way, which Redis never sees, or when its sender has long gone on. */
export const lateCommand: Fault = {
  name: 'late-command',
  weight: 4,
  on: 'network',
  async inject({ networks, settings }, random) {
    await Promise.all(networks.map((network) => delayOne(network, random, settings.leaseMs * 1.5 * random.next())));
  },
};

async function delayOne(network: TcpProxy, random: Random, ms: number): Promise<void> {
  const command = await Promise.race([network.holdBack(randomCommand(random)), delay(PATIENCE_MS)]);
  if (!command) return;
  // Or never.
  if (random.chance(0.5)) return;
  await delay(ms);
  // Redis may have gone away with the connection.
  await Promise.race([command.deliver().catch(() => undefined), delay(PATIENCE_MS)]);
}

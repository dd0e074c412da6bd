import type { Peer } from '../peer.js';
import type { Policies } from './ours-modules.js';

/** All peers. The first one is what the others are compared with. Loaded by need: a measurement loads only its own. */
const peers: Record<string, () => Promise<{ peer: Peer }>> = {
  ours: () => import('./ours.js'),
  'ours:final': () => oursUnder({ status: 'final' }),
  'ours:off': () => oursUnder({ status: 'off' }),
  'ours:each': () => oursUnder({ ack: 'each' }),
  'ours:at-most-once': () => oursUnder({ delivery: 'at-most-once' }),
  bullmq: () => import('./bullmq.js'),
  'bee-queue': () => import('./bee-queue.js'),
  bull: () => import('./bull.js'),
  groupmq: () => import('./groupmq.js'),
  'by-hand': () => import('./by-hand.js'),
  ceiling: () => import('./ceiling.js'),
};

async function oursUnder(policies: Policies): Promise<{ peer: Peer }> {
  return { peer: (await import('./ours.js')).ours(policies) };
}

export const PEER_NAMES = Object.keys(peers);

export async function loadPeer(name: string): Promise<Peer> {
  const load = peers[name];
  if (!load) throw new Error(`There is no peer "${name}", only ${PEER_NAMES.join(', ')}.`);
  return (await load()).peer;
}

/** By name, in the order of the names. */
export async function loadPeers(names: readonly string[]): Promise<Map<string, Peer>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await loadPeer(name)] as const)));
}

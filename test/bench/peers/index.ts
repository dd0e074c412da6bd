import type { Peer } from '../peer.js';

/** All peers. The first one is what the others are compared with. Loaded by need: a measurement loads only its own. */
const peers: Record<string, () => Promise<{ peer: Peer }>> = {
  ours: () => import('./ours.js'),
  bullmq: () => import('./bullmq.js'),
  'bee-queue': () => import('./bee-queue.js'),
  bull: () => import('./bull.js'),
  groupmq: () => import('./groupmq.js'),
  'by-hand': () => import('./by-hand.js'),
  ceiling: () => import('./ceiling.js'),
};

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

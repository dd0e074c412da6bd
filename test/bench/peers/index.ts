import type { Peer } from '../peer.js';
import type { Setup } from './ours-modules.js';

/** All peers. The first one is what the others are compared with. Loaded by need: a measurement loads only its own. */
const peers: Record<string, () => Promise<{ peer: Peer }>> = {
  ours: () => import('./ours.js'),
  'ours:final': () => oursWith({ policies: { status: 'final' } }),
  'ours:off': () => oursWith({ policies: { status: 'off' } }),
  'ours:each': () => oursWith({ policies: { ack: 'each' } }),
  'ours:at-most-once': () => oursWith({ policies: { delivery: 'at-most-once' } }),
  'ours:guard': () => oursWith({ enhancers: ['guard'] }),
  'ours:interceptor': () => oursWith({ enhancers: ['interceptor'] }),
  'ours:enhancers': () => oursWith({ enhancers: ['guard', 'interceptor', 'pipe', 'filter'] }),
  'ours:priority': () => oursWith({ feature: 'priority' }),
  'ours:group': () => oursWith({ feature: 'group' }),
  'ours:bounded-group': () => oursWith({ feature: 'bounded-group' }),
  'ours:rate': () => oursWith({ feature: 'rate' }),
  'ours:global-concurrency': () => oursWith({ feature: 'global-concurrency' }),
  'ours:unique': () => oursWith({ feature: 'unique' }),
  'ours:delay': () => oursWith({ feature: 'delay' }),
  'ours:debounce': () => oursWith({ feature: 'debounce' }),
  'ours:schedule': () => oursWith({ feature: 'schedule' }),
  'ours:batch': () => oursWith({ feature: 'batch' }),
  'ours:telemetry': oursTraced,
  'ours:watched-1': () => oursWith({ feature: 'watched-1' }),
  'ours:watched-10000': () => oursWith({ feature: 'watched-10000' }),
  'ours:watched-ours': () => oursWith({ feature: 'watched-ours' }),
  bullmq: () => import('./bullmq.js'),
  'bee-queue': () => import('./bee-queue.js'),
  bull: () => import('./bull.js'),
  groupmq: () => import('./groupmq.js'),
  'by-hand': () => import('./by-hand.js'),
  ceiling: () => import('./ceiling.js'),
};

async function oursWith(setup: Setup): Promise<{ peer: Peer }> {
  return { peer: (await import('./ours.js')).ours(setup) };
}

async function oursTraced(): Promise<{ peer: Peer }> {
  (await import('./dropping-sdk.js')).startDroppingSdk();
  return oursWith({ feature: 'telemetry' });
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

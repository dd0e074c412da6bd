import type { Peer } from '../peer.js';

/** For workloads that add tasks one by one, or wait for tasks. */
export function addsAndWaits(peer: Peer): boolean {
  return !peer.onlyDrains;
}

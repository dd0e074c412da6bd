import type { Figures } from './figures.js';
import { measure } from './measurement.js';
import type { BenchOptions } from './options.js';
import type { Peer } from './peer.js';
import type { Rounds } from './results.js';
import type { Workload } from './workload.js';

/** Measures these workloads with every peer that takes part, round by round; one process does all that a peer does in a round. */
export async function measureRounds(
  workloads: readonly Workload[],
  peers: ReadonlyMap<string, Peer>,
  options: BenchOptions,
  url: string,
): Promise<Map<Workload, Rounds>> {
  const results = new Map(workloads.map((workload) => [workload, new Map<string, Figures[]>()]));
  const rounds = Math.max(...workloads.map((workload) => roundsOf(workload, options)));
  for (let round = 0; round < rounds; round++) {
    for (const [name, peer] of inTurns([...peers], round)) {
      const due = workloads.filter(
        (workload) => round < roundsOf(workload, options) && takesPart(name, peer, workload, options),
      );
      if (due.length === 0) continue;
      const runs = due.map((workload) => ({ workload: workload.name, amount: amountOf(workload, options) }));
      const figures = await measure(name, url, runs);
      due.forEach((workload, index) => {
        const own = results.get(workload)?.get(name) ?? [];
        results.get(workload)?.set(name, [...own, figures[index] ?? {}]);
      });
    }
  }
  return results;
}

export function amountOf(workload: Workload, { quick }: BenchOptions): number {
  return quick ? workload.quickAmount : workload.amount;
}

export function roundsOf({ maxRounds = Infinity }: Workload, { rounds }: BenchOptions): number {
  return Math.min(rounds, maxRounds);
}

function takesPart(name: string, peer: Peer, workload: Workload, { peersAreChosen }: BenchOptions): boolean {
  const { compares, peers, suits } = workload;
  const { variant = 'none' } = peer;
  const isComparable = variant === 'default' || variant === (compares ?? 'none');
  return isComparable && (peersAreChosen || !peers || peers.includes(name)) && (!suits || suits(peer));
}

/** A B C, then B C A, and so on: whoever comes first has no lasting advantage of it. */
function inTurns<T>(peers: readonly T[], round: number): readonly T[] {
  const first = round % peers.length;
  return [...peers.slice(first), ...peers.slice(0, first)];
}

import type { Redis } from 'ioredis';
import type { Figures } from './figures.js';
import type { Peer, Variant } from './peer.js';

/**
 * One thing that is done with every peer. To add one, write `workloads/<name>.ts` that exports it, or makes it from
 * parameters, and enter it in `workloads/index.ts`.
 */
export interface Workload {
  /** Selects it: `--only <name>`. */
  readonly name: string;
  readonly title: string;
  /** How much of it is measured, and with `--quick`. */
  readonly amount: number;
  readonly quickAmount: number;
  readonly unit: 'tasks' | 'seconds';
  /** How many rounds tell all that there is to know, where that is less than what was asked for. */
  readonly maxRounds?: number;
  /** The peers that are measured unless `--peers` names others. @default all */
  readonly peers?: readonly string[];
  /** Set where the library is compared with itself, set up otherwise: no other peer takes part. */
  readonly compares?: Exclude<Variant, 'default'>;
  /** Whether a peer offers what it takes. @default every one does */
  suits?(this: void, peer: Peer): boolean;
  /** Runs in a process of its own, against an empty Redis. Throws if not every task is where it should be. */
  run(bench: Bench): Promise<Figures>;
}

/** What a workload works with. */
export interface Bench {
  readonly peer: Peer;
  readonly peerName: string;
  readonly url: string;
  /** A connection of the benchmark's own. */
  readonly redis: Redis;
  readonly amount: number;
}

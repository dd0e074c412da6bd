import type { Redis } from 'ioredis';
import type { Figures } from './figures.js';
import type { Peer } from './peer.js';

/**
 * One thing that is done with every peer. To add one, write `workloads/<name>.ts` that exports it, or makes it from
 * parameters, and enter it in `workloads/index.ts`.
 */
export interface Workload {
  /** Selects it: `--only <name>`. */
  readonly name: string;
  readonly title: string;
  /** How many tasks are measured, and with `--quick`. */
  readonly tasks: number;
  readonly quickTasks: number;
  /** Runs in a process of its own, against an empty Redis. Throws if not every task is where it should be. */
  run(bench: Bench): Promise<Figures>;
}

/** What a workload works with. */
export interface Bench {
  readonly peer: Peer;
  readonly url: string;
  /** A connection of the benchmark's own. */
  readonly redis: Redis;
  readonly tasks: number;
}

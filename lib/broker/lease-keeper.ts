import type { Partition } from './partition.js';

export interface LeaseKeeperOptions {
  leaseMs: number;
  /** How long the main thread may be silent before its leases are left to run out. */
  maxBlockedMs: number;
  /** Must not throw. */
  log: LeaseKeeperLog;
}

export interface LeaseKeeperLog {
  debug(text: string): void;
  warn(text: string): void;
}

/**
 * Renews leases in place of a main thread that cannot, because a handler blocks its event loop. It must never enter a
 * worker nor bring a dead one back to life, and never keep a process running; where it cannot do its work it says so
 * in the log, once, and does nothing.
 */
export interface LeaseKeeper {
  /** This worker has joined: its lease is to be kept. */
  hold(partition: Partition, worker: string): void;

  /** The lease was lost, or is given up. */
  release(partition: Partition, worker: string): void;

  /** The main thread is alive. To be called every `tickMs`. */
  tick(): void;

  /** May be called twice. */
  close(): Promise<void>;
}

/** How often the main thread gives a sign of life: 20 times within a lease, and at least four times a second. */
export function tickMs(leaseMs: number): number {
  return Math.min(250, leaseMs / 20);
}

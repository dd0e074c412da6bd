/** What a run is made of. Everything but the timing follows from it. */
export interface RunSettings {
  seed: number;
  tasks: number;
  workers: number;
  producers: number;
  /** How long faults are injected, in seconds; tasks are added during most of it. */
  seconds: number;
  /** The mean time from one fault to the next. */
  faultEveryMs: number;
  /** Names of faults; none means a calm run. */
  faults: readonly string[];
  leaseMs: number;
}

/** Part of the time of the faults in which tasks are added: what comes last meets faults, too. */
const ADDING_SHARE = 0.85;

/** For how long tasks are added. */
export const addingMs = ({ seconds }: RunSettings): number => seconds * 1_000 * ADDING_SHARE;

/** Short, so that a run need not wait long for what it lost. */
export const LEASE_MS = 1_500;
/** Much shorter than the lease: a call can be given up with the lease kept. */
export const COMMAND_TIMEOUT_MS = 500;
/** One way, so that at most times something is on its way. */
export const NETWORK_DELAY_MS = 1;
export const SHUTDOWN_TIMEOUT_MS = 2_000;
/** Beyond the lease, what it may take until a task that was lost runs again. */
export const RECOVERY_SLACK_MS = 5_000;
/** How often a task may be lost with its worker. */
export const MAX_LOST = 2;
/** How often a loss is not charged to a suspect, because it was not alone. */
export const MAX_SPARED = 2;

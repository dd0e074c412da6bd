/** At most `max` tasks start within any span of `perMs`. */
export interface Rate {
  max: number;
  perMs: number;
}

/** What bounds the claims of all workers of a queue together. Each worker brings along what it applies. */
export interface ClaimLimits {
  rate?: Rate | undefined;
  /** How many tasks of the queue may be held at once. */
  globalConcurrency?: number | undefined;
  /** Of each group for which none is set. */
  groupRate?: Rate | undefined;
  /** By task name. */
  names?: Readonly<Record<string, Rate>> | undefined;
}

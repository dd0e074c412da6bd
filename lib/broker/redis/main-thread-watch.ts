/**
 * Decides when the leases of a worker are to be renewed by somebody else than its main thread. Knows the main thread by
 * a count that changes with every sign of life, so that the two need not agree on a clock.
 *
 * The lease must not run out before the first renewal. The main thread may have renewed it a third of a lease before it
 * was blocked; and where it is blocked again and again, for less than our patience each time, a renewal takes it some
 * of these blocks. Hence an eighth of a lease, which leaves room for both.
 */
export class MainThreadWatch {
  private readonly patienceMs: number;
  private readonly convalescenceMs: number;
  private count: number;
  private heardAt: number;
  private blockedAt = -Infinity;

  constructor(
    leaseMs: number,
    private readonly maxBlockedMs: number,
    count: number,
    now: number,
  ) {
    this.patienceMs = leaseMs / 8;
    this.convalescenceMs = leaseMs;
    this.count = count;
    this.heardAt = now;
  }

  /**
   * Whether the leases are ours to renew: the main thread is blocked, or was until a moment ago and may not have renewed
   * them yet: its calls may have timed out, and its connections with them. A main thread that was silent for too long is taken for dead.
   */
  mustRenew(count: number, now: number): boolean {
    if (count !== this.count) {
      this.count = count;
      this.heardAt = now;
    }
    const silentMs = now - this.heardAt;
    if (silentMs > this.maxBlockedMs) return false;
    if (silentMs > this.patienceMs) this.blockedAt = now;
    return now - this.blockedAt < this.convalescenceMs;
  }
}

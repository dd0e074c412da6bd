interface Wait {
  readonly endsAt: number;
  end(): void;
}

/**
 * Sees to it that nobody waits for a reply for longer than allowed. All share one timer: it is set for whoever comes
 * first, then for the earliest of those who still wait, and never for each call. It keeps no process alive: what is waited
 * for does.
 */
export class Deadlines {
  private readonly waits = new Set<Wait>();
  private timer: NodeJS.Timeout | undefined;
  private firesAt = Infinity;

  /** @param late what it fails with that has waited in vain for so long */
  constructor(private readonly late: (timeoutMs: number) => Error) {}

  /** @param begun when the time began to count, by `performance.now()` */
  async within<T>(begun: number, timeoutMs: number, reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const wait: Wait = { endsAt: begun + timeoutMs, end: () => reject(this.late(timeoutMs)) };
      this.waits.add(wait);
      if (wait.endsAt < this.firesAt) this.set(wait.endsAt);
      const answered = (): void => {
        this.waits.delete(wait);
        resolve(reply);
      };
      reply.then(answered, answered);
    });
  }

  /** Who still waits is not left alone. */
  close(): void {
    if (this.waits.size === 0) clearTimeout(this.timer);
  }

  private set(at: number): void {
    clearTimeout(this.timer);
    this.firesAt = at;
    // Rounded up, for Node cuts fractions off, and would fire too early. So it has the length of the timers by which ioredis
    // notices silence, one for each call: Node keeps timers of one length together, which makes those cheaper.
    this.timer = setTimeout(() => this.look(), Math.ceil(at - performance.now())).unref();
  }

  private look(): void {
    const now = performance.now();
    let earliest = Infinity;
    for (const wait of this.waits) {
      if (wait.endsAt > now) {
        earliest = Math.min(earliest, wait.endsAt);
        continue;
      }
      this.waits.delete(wait);
      wait.end();
    }
    this.firesAt = Infinity;
    if (earliest < Infinity) this.set(earliest);
  }
}

const FIRST_MS = 50;
const LAST_MS = 2_000;

/** How long to wait before the next try: 50 ms after the first failure, twice as long after each further one, up to 2 s. */
export class Backoff {
  private failures = 0;

  next(): number {
    return Math.min(FIRST_MS * 2 ** this.failures++, LAST_MS);
  }

  reset(): void {
    this.failures = 0;
  }
}

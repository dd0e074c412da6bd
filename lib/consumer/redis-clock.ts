/** What Redis's clock says, as far as its answers tell. */
export class RedisClock {
  /** Behind `performance.now()`, which no one can set. */
  private offsetMs = Date.now() - performance.now();

  /** Redis has just said what time it is. */
  learn(nowMs: number): void {
    this.offsetMs = nowMs - performance.now();
  }

  /** Milliseconds since 1970. */
  get nowMs(): number {
    return performance.now() + this.offsetMs;
  }
}

/** What time it is, in ms since 1970. */
export interface Clock {
  readonly nowMs: number;
}

/** Stands still until somebody moves it, and never goes back. */
export class MovableClock implements Clock {
  constructor(public nowMs: number = Date.now()) {}

  /** @returns whether that was ahead */
  moveTo(nowMs: number): boolean {
    if (nowMs <= this.nowMs) return false;
    this.nowMs = nowMs;
    return true;
  }
}

import type { Call } from './call.js';

/** How long a suspect waits, at most, for what runs to end before it. */
const PATIENCE_MS = 2_000;
/** How long nothing else begins after it, at most. */
const ALONE_MS = 2_000;

/**
 * Keeps a suspect, which may be what took its workers down, apart from all else that runs in this process: if the process
 * dies then, it was that one, and nobody is blamed who only stood beside it. One suspect at a time, for all queues.
 *
 * | state | what holds | leaves it when |
 * |---|---|---|
 * | free | a suspect may ask to begin | one asks → waiting |
 * | waiting | nothing else begins | nothing runs any more, or patience is over → inside |
 * | inside | for its first seconds nothing else begins; then Redis is told that it is not alone any more, and after that whatever likes | it ends → resting |
 * | resting | all others have as much time as they had to wait | time is over → free |
 */
export class Quarantine {
  private suspect: Call | undefined;
  private isInside = false;
  private isPatient = false;
  private isResting = false;
  /** Since when nothing but the suspect may begin, by `performance.now()`. */
  private closedAt: number | undefined;
  /** How long that was so the last time. */
  private closedMs = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param runCount how many tasks this process runs
   * @param onChange something may begin that could not before
   */
  constructor(
    private readonly runCount: () => number,
    private readonly onChange: () => void,
  ) {}

  /** Whether a suspect that begins now is alone. */
  get isQuiet(): boolean {
    return !this.isOpen && this.runCount() === 0;
  }

  /** Whether other tasks than suspects may begin. */
  get isOpen(): boolean {
    return this.closedAt === undefined;
  }

  /** Whether it is worth to fetch a suspect. */
  get isFree(): boolean {
    return !this.suspect && !this.isResting;
  }

  has(call: Call): boolean {
    return this.suspect === call;
  }

  /** Whether `enter` would bring this suspect further. */
  admits(call: Call): boolean {
    return this.suspect ? this.has(call) && this.isReady : this.isFree;
  }

  /** A suspect asks to begin. Where it may not yet, it may be the next one: then nothing else begins before it. */
  enter(call: Call): boolean {
    if (!this.admits(call)) return false;
    if (!this.suspect) {
      this.suspect = call;
      this.closedAt = performance.now();
      this.isPatient = true;
      this.after(PATIENCE_MS, () => {
        this.isPatient = false;
        // Should it not even be able to begin, the others need not wait for that.
        this.after(ALONE_MS, () => this.open());
      });
    }
    this.isInside = this.isReady;
    return this.isInside;
  }

  /** The suspect has begun. */
  began(): void {
    if (this.isOpen) this.suspect?.accompany();
    else this.after(ALONE_MS, () => this.suspect?.accompany());
  }

  /** Redis knows that the suspect is not alone any more. */
  letIn(call: Call): void {
    if (!this.has(call)) return;
    this.open();
    this.onChange();
  }

  /** Something else has ended. */
  ended(): void {
    if (this.suspect && this.isReady) this.onChange();
  }

  /** The suspect has ended, or is not held any more. */
  leave(call: Call): void {
    if (!this.has(call)) return;
    this.suspect = undefined;
    this.isInside = false;
    this.open();
    this.isResting = true;
    this.after(this.closedMs, () => (this.isResting = false));
    this.onChange();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private get isReady(): boolean {
    return !this.isInside && (!this.isPatient || this.runCount() === 0);
  }

  private open(): void {
    if (this.closedAt === undefined) return;
    this.closedMs = performance.now() - this.closedAt;
    this.closedAt = undefined;
  }

  private after(ms: number, then: () => void): void {
    clearTimeout(this.timer);
    // A handler that outlives its worker must not keep the process for this.
    this.timer = setTimeout(() => {
      then();
      this.onChange();
    }, ms).unref();
  }
}

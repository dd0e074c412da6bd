import type { ExchangeReply } from '../broker/exchange.js';
import type { ExchangesUnderWay } from './exchanges-under-way.js';
import type { HeldTasks } from './held-tasks.js';

/** Bounds one `exchange`, so that it keeps Redis for less than a millisecond: what it settles, in completions, and what it claims. */
export const MAX_BATCH = 100;
const WELL_FILLED = 50;
/** How many exchanges may be under way: with two, Redis works on one while Node works on the other. */
const MAX_CALLS = 2;

/** Decides when a consumer calls Redis, for how many tasks it asks, and when it looks at its queue again. */
export class ExchangePlan {
  /** By `performance.now()`. */
  looksAgainAt = 0;
  /** No claims, for now or for ever: what is held is settled, and that is all. */
  isClosed = false;
  /** Tasks wait, but limits are in the way. */
  isHeldUp = false;
  private queueIsEmpty = false;
  /** The last reply said that more is waiting. */
  private isBacklog = false;
  /** The bell rang since the last exchange was sent: what that one says of the queue is outdated. */
  private rung = false;

  constructor(
    private readonly held: HeldTasks,
    private readonly exchanges: ExchangesUnderWay,
  ) {}

  /** It was told to look, and no exchange has been sent since: others may rely on it. */
  get hasRung(): boolean {
    return this.rung;
  }

  /** Nothing to claim, and free slots. */
  get isIdle(): boolean {
    return !this.isClosed && this.queueIsEmpty && this.held.freeSlots > 0;
  }

  /**
   * One call at a time gathers most. A second one, and one that only fetches ahead, pay where they are well filled: after a ring
   * nobody knows yet of more than one task.
   */
  get shouldCall(): boolean {
    if (this.exchanges.count >= MAX_CALLS) return false;
    if (this.exchanges.count === 0 && (this.held.outcomes.hasAny || this.canClaim)) return true;
    return this.held.outcomes.count >= WELL_FILLED || (this.isBacklog && !this.isClosed && this.room >= WELL_FILLED);
  }

  /** How many tasks to ask for: those that other calls ask for already are on their way. */
  get room(): number {
    return Math.max(0, Math.min(this.held.room - this.exchanges.expected, MAX_BATCH));
  }

  /** The bell rang, or it is time. */
  look(): void {
    this.rung = true;
    this.queueIsEmpty = false;
  }

  /** An exchange is about to be sent. */
  begin(): void {
    this.rung = false;
  }

  /** @param sleepMs for how long nobody has to look if nothing is due before */
  learn({ more, nextDueMs, isHeldUp }: ExchangeReply, sleepMs: number): void {
    this.queueIsEmpty = !more && !this.rung;
    this.isHeldUp = isHeldUp;
    this.isBacklog = more;
    this.looksAgainAt = performance.now() + Math.min(nextDueMs ?? sleepMs, sleepMs);
  }

  private get canClaim(): boolean {
    return !this.isClosed && !this.queueIsEmpty && this.held.freeSlots > 0;
  }
}

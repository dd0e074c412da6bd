import type { ClaimLimits } from '../broker/claim-limits.js';
import type { QueueSettings } from '../options/task-queue-settings.js';
import { HandlerPace } from './handler-pace.js';
import type { SlotShare } from './slot-share.js';

/** How many tasks of one queue a worker runs at once, and how many it holds. */
export class Capacity {
  private readonly pace: HandlerPace;
  private begun = 0;
  /** How many had begun when what was fetched ahead was given back, for it found no slot. */
  private stalledAt: number | undefined;

  constructor(
    private readonly settings: Pick<QueueSettings, 'concurrency' | 'delivery'>,
    private readonly share: SlotShare,
    private readonly limits: ClaimLimits | undefined,
  ) {
    this.pace = new HandlerPace(settings.concurrency);
  }

  /** How many tasks run at once. With fewer than before what runs goes on. */
  get concurrency(): number {
    return this.pace.concurrency;
  }

  set concurrency(concurrency: number) {
    this.pace.concurrency = concurrency;
  }

  /** How many runs have begun so far. */
  get begunCount(): number {
    return this.begun;
  }

  /** Runs are over in no time. */
  get isQuick(): boolean {
    return this.pace.isQuick;
  }

  began(): void {
    this.begun++;
  }

  /** A run took so long. */
  learn(ranMs: number): void {
    this.pace.learn(ranMs);
  }

  /** Nothing is to be fetched ahead before another run has begun. */
  stall(): void {
    this.stalledAt = this.begun;
  }

  /** @param taken how many slots are taken, or will be by what is in hand already */
  freeSlots(taken: number): number {
    return Math.max(0, this.concurrency - taken);
  }

  /** How many more tasks find a slot at once. */
  freeRoom(taken: number): number {
    return this.share.tasksFor(this.freeSlots(taken));
  }

  /**
   * How many more tasks are worth to be held: for the free slots, and some ahead where handlers are quick.
   * @param oldestMs how long the oldest of the present runs has taken so far, 0 if none is under way
   */
  room(taken: number, oldestMs: number): number {
    const ahead =
      this.fetchesAhead && this.stalledAt !== this.begun ? this.pace.allowance(oldestMs, this.share.perTask) : 0;
    return Math.max(0, this.share.tasksFor(this.concurrency + ahead - taken));
  }

  /**
   * What is lost with a worker that delivers at most once does not come again: it must have had its chance. And where limits count
   * what was claimed, that must begin.
   */
  private get fetchesAhead(): boolean {
    return this.settings.delivery === 'at-least-once' && !this.limits;
  }
}

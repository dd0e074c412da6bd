import { type Partition, queueOf } from '../broker/partition.js';
import type { DueSchedule, ScheduleStore, TickAnswer } from '../broker/schedule-store.js';
import { Backoff } from '../consumer/backoff.js';
import type { GuardedLog } from '../consumer/guarded-log.js';
import type { OutageLog } from '../consumer/outage-log.js';
import { LayoutMismatchError } from '../errors/index.js';
import { decodeCatchUp, planTicks, type TickPlan } from './tick-plan.js';
import { ticksOfText } from './ticks.js';

/** Bounds the wait, and so what a clock that goes wrong can do: a timer holds 24 days, and must be set anew then. */
const MAX_WAIT_MS = 86_400_000;
/** Clocks drift apart by less: so much of a long wait before its end Redis is asked anew what time it is. */
const DRIFT = 1 / 1_000;
const LONG_WAIT_MS = 60_000;
/** Bounds one look, in case that something changes under it again and again. */
const MAX_ROUNDS = 100;
/** A schedule that this version cannot read is left to others, and looked at again after that. */
const UNREADABLE_MS = 60_000;

export interface QueueSchedulesListener {
  /** `looksAt` is another time. */
  asleep(): void;
  /** The schedules have changed less often than they had before: Redis has lost its data. */
  lost(): void;
}

/**
 * The schedules of one queue, as one process keeps them. Nothing of them is remembered here but when to look again: what is due,
 * and by what timing, is read each time, so that nobody acts on what has changed since.
 *
 * | state | what holds | leaves it when |
 * |---|---|---|
 * | asleep | `looksAt` is when the next tick is due, or somewhat before | it is time, or schedules have changed → looking |
 * | looking | one call at a time, until nothing is due any more | nothing is due, or Redis fails → asleep |
 */
export class QueueSchedules {
  /** When to look again, by `performance.now()`. */
  looksAt = Infinity;
  /** How often the schedules had changed when they were looked at last. */
  private revision = 0;
  private looking: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private readonly backoff = new Backoff();
  private readonly unreadable = new Set<string>();

  constructor(
    private readonly partition: Partition,
    private readonly maxLength: number,
    /** The names of those whose ticks are left to others. */
    private readonly off: ReadonlySet<string>,
    private readonly store: ScheduleStore,
    private readonly outages: OutageLog,
    private readonly logger: GuardedLog,
    private readonly listener: QueueSchedulesListener,
  ) {}

  /** @param revision how often the schedules have changed, as somebody has heard */
  notice(revision: number): void {
    if (revision !== this.revision) this.look();
  }

  look(): void {
    this.again = true;
    if (this.stopped) return;
    this.looksAt = Infinity;
    this.looking ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking;
    this.outages.leave(this);
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      try {
        const waitMs = await this.makeWhatIsDue();
        this.looksAt = performance.now() + waitMs;
        this.backoff.reset();
        this.outages.over(this);
      } catch (error) {
        if (this.stopped) break;
        this.outages.begin(this, error);
        this.looksAt = performance.now() + (error instanceof LayoutMismatchError ? UNREADABLE_MS : this.backoff.next());
      }
    }
    this.looking = undefined;
    this.listener.asleep();
  }

  /** @returns how long until it has to look again */
  private async makeWhatIsDue(): Promise<number> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { due, nowMs, nextInMs, revision } = await this.store.due(this.partition, this.off.size);
      if (revision < this.revision) this.listener.lost();
      this.revision = revision;
      const mine = due.filter(({ name }) => !this.off.has(name));
      const readable = await Promise.all(mine.map((schedule) => this.make(schedule, nowMs)));
      if (this.stopped || !readable.includes(true)) {
        const waitMs = nextInMs === null ? MAX_WAIT_MS : waitFor(nextInMs);
        return mine.length > 0 ? Math.min(waitMs, UNREADABLE_MS) : waitMs;
      }
    }
    return LONG_WAIT_MS;
  }

  /** @returns whether its timing can be read */
  private async make({ name, timing, catchUp, tickMs }: DueSchedule, nowMs: number): Promise<boolean> {
    let plan: TickPlan;
    try {
      plan = planTicks(ticksOfText(timing), tickMs, nowMs, decodeCatchUp(catchUp));
    } catch (error) {
      this.reportUnreadable(name, error);
      return false;
    }
    const { ticks, nextMs } = plan;
    const answers = await this.store.tick(this.partition, {
      name,
      timing,
      tickMs,
      ticks,
      nextMs,
      maxLength: this.maxLength,
    });
    if (answers) this.report(name, tickMs, plan, answers);
    return true;
  }

  private report(name: string, tickMs: number, { isLate }: TickPlan, answers: readonly TickAnswer[]): void {
    const title = this.title(name);
    const made = answers.filter((answer) => answer === 'made' || answer === 'queued').length;
    const since = new Date(tickMs).toISOString();
    if (isLate && answers.length > 0)
      this.logger.warn(`${title}: ticks since ${since} were missed; ${made} of them made now`);
    else if (answers.includes('skipped'))
      this.logger.debug(`${title}: a tick was left out, the one before has not ended`);
    if (answers.includes('full')) this.logger.warn(`${title}: a tick was left out, for the queue is full`);
    if (answers.includes('refused')) {
      this.logger.error(`${title}: a tick could not be made, something else stands under its status key`);
    }
  }

  private reportUnreadable(name: string, error: unknown): void {
    if (this.unreadable.has(name)) return;
    this.unreadable.add(name);
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.error(`${this.title(name)} cannot be read here and makes no ticks: ${reason}`);
  }

  private title(name: string): string {
    return `Schedule "${name}" on queue "${queueOf(this.partition)}"`;
  }
}

function waitFor(ms: number): number {
  const waitMs = ms > LONG_WAIT_MS ? ms - ms * DRIFT : ms;
  return Math.min(waitMs, MAX_WAIT_MS);
}

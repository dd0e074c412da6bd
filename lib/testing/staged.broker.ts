import { decodeEnvelope, type Envelope } from '../broker/envelope.js';
import type { ExchangeReply, ExchangeRequest, Outcome } from '../broker/exchange.js';
import { MovableClock } from '../broker/memory/memory-clock.js';
import { MemoryBroker } from '../broker/memory/memory.broker.js';
import type { Partition } from '../broker/partition.js';
import type { OnApplicationBootstrap, OnModuleInit } from '@nestjs/common';
import { AddedTasks } from './added-tasks.js';
import { isEnding, type RanTask, ranTask } from './ran-task.js';

/** That the worker of a queue may take some tasks, and what became of them. */
interface Permit {
  /** How many more it may take; 0 once it was told that there are none. */
  left: number;
  readonly taken: Map<string, Envelope>;
  readonly ran: RanTask[];
  readonly done: () => void;
}

/**
 * A broker in memory of which a worker gets no task unless the test permits it: so everything runs when the test says, and in order.
 * By its clock handlers take no time.
 */
export class StagedBroker extends MemoryBroker implements OnModuleInit, OnApplicationBootstrap {
  readonly added: AddedTasks;
  /** From the start of the application until it is closed. */
  isRunning = false;
  private readonly permits = new Map<Partition, Permit>();
  /** Of queues from which nothing more could be taken: when to look again. */
  private readonly looksAt = new Map<Partition, number>();

  /** @param onInit called when every provider of the application is there */
  constructor(
    override readonly clock: MovableClock,
    private readonly onInit: () => void = () => undefined,
  ) {
    const added = new AddedTasks();
    super(clock, added.note);
    this.added = added;
  }

  onModuleInit(): void {
    this.onInit();
  }

  onApplicationBootstrap(): void {
    this.isRunning = true;
  }

  override async close(): Promise<void> {
    this.isRunning = false;
    await super.close();
  }

  /** Moves the clock on, by which no lease runs out: workers live on. @returns whether that was ahead */
  moveTo(nowMs: number): boolean {
    const byMs = nowMs - this.clock.nowMs;
    if (!this.clock.moveTo(nowMs)) return false;
    const workers = [...this.partitions.values()].flatMap((queue) => [...queue.workers.values()]);
    for (const worker of workers) if (worker.expiry > 0) worker.expiry += byMs;
    return true;
  }

  /** Whether a worker has started on that queue. */
  isWorkedOn(partition: Partition): boolean {
    return this.queue(partition).workers.size > 0;
  }

  /** Lets the worker of a queue take so many tasks, as far as there are any and limits allow. @returns what became of them, once they have ended */
  async permit(partition: Partition, count: number): Promise<RanTask[]> {
    const queue = this.queue(partition);
    const ran: RanTask[] = [];
    await new Promise<void>((done) => {
      this.permits.set(partition, { left: count, taken: new Map(), ran, done });
      queue.ringWorkers();
    });
    return ran;
  }

  /** Worth to be permitted something: a task waits, or is due. */
  hasWork(partition: Partition): boolean {
    const { lines, scheduled, clock, isPaused } = this.queue(partition);
    const isDue = (scheduled.firstDue ?? Infinity) <= clock.nowMs;
    return !isPaused && (isDue || lines.hasAny);
  }

  /** Whether the tick of a schedule is due that is not among these. */
  hasTick(partition: Partition, off: ReadonlySet<string>): boolean {
    const { ticks, clock } = this.queue(partition);
    return ticks.nextMs(off) <= clock.nowMs;
  }

  /** When something happens next on a queue, as far as that is known by now. */
  nextAt(partition: Partition, off: ReadonlySet<string>): number {
    const { scheduled, ticks, clock } = this.queue(partition);
    const looksAt = this.looksAt.get(partition) ?? Infinity;
    const times = [scheduled.firstDue ?? Infinity, looksAt, ticks.nextMs(off)];
    return Math.min(...times.filter((at) => at > clock.nowMs));
  }

  override async exchange(partition: Partition, request: ExchangeRequest): Promise<ExchangeReply | null> {
    const permit = this.permits.get(partition);
    const want = Math.min(request.want, permit?.left ?? 0);
    const outcomes = request.outcomes.map(withoutTime);
    const reply = await super.exchange(partition, { ...request, outcomes, want });
    if (!reply) return null;
    if (permit) this.follow(partition, permit, request, reply);
    // It goes on only as long as it may take more.
    if (permit && permit.left > 0 && reply.more) return reply;
    return { ...reply, more: false, isHeldUp: true, nextDueMs: null };
  }

  override clear(): void {
    super.clear();
    this.added.clear();
    this.looksAt.clear();
  }

  private follow(partition: Partition, permit: Permit, request: ExchangeRequest, reply: ExchangeReply): void {
    for (const outcome of request.outcomes) {
      const envelope = permit.taken.get(outcome.id);
      if (!envelope || !isEnding(outcome) || reply.refused.includes(outcome.id)) continue;
      permit.taken.delete(outcome.id);
      const { id } = outcome;
      const wasCalledOff = reply.cancelled.includes(id);
      const ending = wasCalledOff ? ({ kind: 'cancelled', id, reason: '', ttlMs: 0 } as const) : outcome;
      permit.ran.push(ranTask(partition, envelope, ending));
    }
    for (const envelope of reply.claimed.map(decodeEnvelope)) permit.taken.set(envelope.id, envelope);
    permit.left -= reply.claimed.length;
    if (request.want > 0 && !reply.more) {
      permit.left = 0;
      this.looksAt.set(partition, reply.nextDueMs === null ? Infinity : reply.nowMs + reply.nextDueMs);
    }
    if (permit.left > 0 || permit.taken.size > 0) return;
    this.permits.delete(partition);
    permit.done();
  }
}

function withoutTime(outcome: Outcome): Outcome {
  return 'ranMs' in outcome ? { ...outcome, ranMs: 0 } : outcome;
}

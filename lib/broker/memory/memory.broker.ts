import type { ServerFacts } from '../broker-observer.js';
import type { ExchangeReply, ExchangeRequest, Retention } from '../exchange.js';
import type { LeaseKeeper } from '../lease-keeper.js';
import type { LogLine } from '../log-line.js';
import type { Partition } from '../partition.js';
import type { StatusListener, StatusWatch } from '../status-watch.js';
import {
  type BeatReply,
  type Enqueued,
  type EnqueueOptions,
  type NewTask,
  type Recovery,
  type Ring,
  type ScheduleOptions,
  type SleepRequest,
  type StatusRecord,
  TaskBroker,
  type WorkerPlace,
} from '../task-broker.js';
import { MemoryAdding } from './memory-adding.js';
import { MemoryBells } from './memory-bells.js';
import type { Clock } from './memory-clock.js';
import { exchange } from './memory-exchange.js';
import { MemoryQueue, type OnAdded } from './memory-queue.js';
import { MemoryListing } from './memory-listing.js';
import { recover } from './memory-recovery.js';
import { MemoryQueueSteering } from './memory-queue-steering.js';
import { MemoryReadings } from './memory-readings.js';
import { MemoryReports } from './memory-reports.js';
import { MemorySchedules } from './memory-schedules.js';
import { MemorySteering } from './memory-steering.js';
import { toEnvelope } from './memory-task.js';
import { MemoryWatches } from './memory-watches.js';
import { NoPlain } from './no-plain.js';
import { NoRepairs } from './no-repairs.js';

/**
 * Keeps tasks in the memory of this process, for tests: it does what the broker on Redis does, by a clock that may be moved. Nobody else can
 * push anything into it, so there is nothing to adopt and nothing to repair; and no call is bounded in what it moves.
 */
export class MemoryBroker extends TaskBroker {
  readonly schedules = new MemorySchedules((partition) => this.queue(partition));
  readonly steering = new MemorySteering((partition) => this.queue(partition));
  readonly queues: MemoryQueueSteering;
  readonly reports = new MemoryReports((partition) => this.queue(partition));
  readonly readings = new MemoryReadings((partition) => this.queue(partition), this.reports);
  readonly listing = new MemoryListing((partition) => this.queue(partition));
  readonly repairs = new NoRepairs();
  readonly plain = new NoPlain();
  protected readonly partitions = new Map<Partition, MemoryQueue>();
  private readonly bells = new MemoryBells();
  private readonly watches = new MemoryWatches();

  /** @param onAdded is told of every task, those of schedules included */
  constructor(
    readonly clock: Clock,
    private readonly onAdded: OnAdded = () => undefined,
  ) {
    super();
    this.queues = new MemoryQueueSteering((partition) => this.queue(partition), clock);
  }

  /** Nothing can fail here. */
  watch(): void {}

  async describe(): Promise<ServerFacts | null> {
    return null;
  }

  async enqueue(partition: Partition, tasks: readonly NewTask[], options: EnqueueOptions = {}): Promise<Enqueued[]> {
    const { maxLength = Infinity, withStatus = true } = options;
    return new MemoryAdding(this.queue(partition)).enqueue(tasks, maxLength, withStatus);
  }

  async schedule(partition: Partition, tasks: readonly NewTask[], options: ScheduleOptions = {}): Promise<Enqueued[]> {
    return new MemoryAdding(this.queue(partition)).schedule(tasks, options.maxLength ?? Infinity);
  }

  async addLocked(partition: Partition, tasks: readonly NewTask[], options: ScheduleOptions = {}): Promise<Enqueued[]> {
    return new MemoryAdding(this.queue(partition)).addLocked(tasks, options.maxLength ?? Infinity);
  }

  async exchange(partition: Partition, request: ExchangeRequest): Promise<ExchangeReply | null> {
    return exchange(this.queue(partition), request);
  }

  async join(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null> {
    const queue = this.queue(partition);
    if (!queue.workers.has(worker)) {
      // Who was alone until now looks rarely: it has to learn that it is not any more.
      if (queue.workers.size === 1) queue.ringWorkers();
      queue.workers.set(worker, { expiry: queue.clock.nowMs + leaseMs, held: new Map() });
    }
    return this.beat(partition, worker, leaseMs);
  }

  async beat(partition: Partition, name: string, leaseMs: number): Promise<BeatReply | null> {
    const queue = this.queue(partition);
    const worker = queue.alive(name);
    if (!worker) return null;
    const until = queue.clock.nowMs + leaseMs;
    // Who holds nothing and is alone has a longer one.
    if (worker.expiry < until || worker.held.size > 0) worker.expiry = until;
    return {
      held: worker.held.size,
      expired: queue.hasExpired,
      cancelled: [...worker.held.keys()].filter((id) => queue.cancels.has(id)),
      scheduleRevision: queue.ticks.revision,
    };
  }

  /** No lease is lost to a blocked event loop: the clock stands still meanwhile. */
  keepLeases(): LeaseKeeper {
    const ignore = (): void => undefined;
    return { hold: ignore, release: ignore, tick: ignore, close: async () => undefined };
  }

  async held(partition: Partition, worker: string): Promise<string[]> {
    return [...(this.queue(partition).workers.get(worker)?.held.keys() ?? [])];
  }

  async heldTasks(partition: Partition, worker: string, ids: readonly string[]): Promise<string[]> {
    const held = this.queue(partition).workers.get(worker)?.held;
    return ids.map((id) => held?.get(id)).flatMap((task) => (task ? [toEnvelope(task)] : []));
  }

  async recover(partition: Partition, maxLost: number, retention: Retention): Promise<Recovery | null> {
    return recover(this.queue(partition), maxLost, retention);
  }

  async leave(partition: Partition, name: string): Promise<void> {
    const queue = this.queue(partition);
    const worker = queue.workers.get(name);
    if (worker && worker.held.size > 0) worker.expiry = Math.min(worker.expiry, queue.clock.nowMs - 1);
    else queue.workers.delete(name);
    queue.ring();
  }

  async sleep(request: SleepRequest): Promise<Ring | null> {
    return this.bells.sleep(request);
  }

  wake(): void {
    this.bells.wake();
  }

  async peek(workers: readonly WorkerPlace[]): Promise<Partition[]> {
    return workers.map(({ partition }) => partition);
  }

  async ringAgain(partition: Partition, isForRoom = false): Promise<void> {
    const queue = this.queue(partition);
    if (!queue.lines.hasAny && queue.scheduled.size === 0) return;
    queue.ring();
    if (isForRoom) queue.ringRoom();
  }

  async statuses(partition: Partition, ids: readonly string[]): Promise<(StatusRecord | null)[]> {
    const { statuses } = this.queue(partition);
    return ids.map((id) => statuses.record(id));
  }

  async logs(partition: Partition, id: string, offset: number, limit: number): Promise<LogLine[]> {
    return this.queue(partition)
      .logs.of(id)
      .slice(offset, offset + limit);
  }

  watchStatuses(listener: StatusListener): StatusWatch {
    return this.watches.open(listener);
  }

  /** They always can. */
  async probe(): Promise<void> {}

  /** What is kept stays, to be looked at. */
  async close(): Promise<void> {
    this.bells.wake();
  }

  /** Forgets all tasks. */
  clear(): void {
    for (const queue of this.partitions.values()) queue.clear();
  }

  protected queue(partition: Partition): MemoryQueue {
    let queue = this.partitions.get(partition);
    if (!queue) {
      queue = new MemoryQueue(partition, this.clock, this.bells, this.watches, this.onAdded);
      this.partitions.set(partition, queue);
    }
    return queue;
  }
}

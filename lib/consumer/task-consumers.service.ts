import { checkQueueName } from '../broker/names.js';
import { ConsumersClosedError, UnknownQueueError } from '../errors/index.js';
import { checkConcurrency } from '../options/concurrency.js';
import type { ConsumerState, ConsumerSwitch } from './consumer-switch.js';
import type { TaskWorker } from './task-worker.js';

/** What one consumer of this process is about. */
export interface ConsumerInfo {
  queue: string;
  state: ConsumerState;
  /** How many handlers it runs at once, at most; that of the next start where it is stopped. */
  concurrency: number;
  /** How many handlers run. */
  active: number;
}

/**
 * The consumers of this process, and of no other: one for each queue that it has handlers for, as far as `consume` allows. Other processes
 * go on as they are. What is set here lasts as long as the process.
 *
 * All methods throw `INVALID_QUEUE`, and `UNKNOWN_QUEUE` for a queue that this process does not work on.
 *
 * @example
 * await consumers.stop('reports'); // while its database is being moved
 * await consumers.start('reports');
 */
export class TaskConsumers {
  constructor(private readonly worker: TaskWorker) {}

  /** All of them, in whatever state they are. */
  list(): ConsumerInfo[] {
    return this.worker.queues.map((queue) => {
      const { state, concurrency, active } = this.worker.consumer(queue);
      return { queue, state, concurrency, active };
    });
  }

  /**
   * Starts what is stopped; one that is stopping starts once it has ended, unless `stop` is called again before. What is running or paused stays so.
   * Not before the application's `onApplicationBootstrap`: handlers may run at once.
   * @param queue @default all
   * @throws TaskQueueError `CONSUMERS_CLOSED` once the application shuts down
   */
  async start(queue?: string): Promise<void> {
    const queues = this.queuesOf(queue);
    if (this.worker.isClosed) throw new ConsumersClosedError();
    await this.worker.startConsumers(queues);
  }

  /**
   * Stops, as shutdown does: claims nothing more, gives back what was not begun, waits up to `shutdownTimeout` for what runs, then
   * aborts it and gives it back. Schedules of the queue get no ticks from this process meanwhile. May be started again.
   * @param queue @default all
   * @returns when it has ended; at once where it is stopped
   */
  async stop(queue?: string): Promise<void> {
    await this.worker.stopConsumers(this.queuesOf(queue));
  }

  /**
   * Claims and begins nothing from now on. What was fetched ahead is given back; what runs goes on, and so do schedules.
   * @param queue @default all
   * @returns whether it is paused now: `false` for one that is stopped or stopping; for all, whether any is
   */
  pause(queue?: string): boolean {
    return this.each(queue, (consumer) => consumer.pause());
  }

  /**
   * Goes on after `pause`.
   * @param queue @default all
   * @returns whether it is running now: `false` for one that is stopped or stopping; for all, whether any is
   */
  resume(queue?: string): boolean {
    return this.each(queue, (consumer) => consumer.resume());
  }

  /**
   * Changes how many handlers run at once, also of one that is paused or stopped. With fewer than before what runs goes on, and
   * nothing more begins until there is a slot.
   * @param concurrency 1 to 10,000
   * @throws TaskQueueError `INVALID_OPTIONS`
   */
  setConcurrency(queue: string, concurrency: number): void {
    this.known(queue);
    this.worker.consumer(queue).setConcurrency(checkConcurrency(concurrency));
  }

  private each(queue: string | undefined, change: (consumer: ConsumerSwitch) => boolean): boolean {
    const changed = this.queuesOf(queue).map((each) => change(this.worker.consumer(each)));
    return changed.includes(true);
  }

  private queuesOf(queue: string | undefined): readonly string[] {
    return queue === undefined ? this.worker.queues : [this.known(queue)];
  }

  private known(queue: string): string {
    checkQueueName(queue);
    const { queues } = this.worker;
    if (!queues.includes(queue)) throw new UnknownQueueError(queue, queues);
    return queue;
  }
}

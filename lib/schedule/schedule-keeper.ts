import { type Partition, queueOf } from '../broker/partition.js';
import type { ScheduleStore } from '../broker/schedule-store.js';
import { Alarm } from '../consumer/alarm.js';
import type { GuardedLog } from '../consumer/guarded-log.js';
import type { OutageLog } from '../consumer/outage-log.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { QueueSchedules } from './queue-schedules.js';

/**
 * Makes the ticks of the schedules of all queues that this process works on. Every such process does, and whoever is first
 * makes a tick: no one is elected, and as long as one of them lives no tick is missed. It holds one timer, for the next tick that any of
 * the schedules has, and asks Redis nothing as long as there are no schedules.
 */
export class ScheduleKeeper {
  private readonly queues = new Map<Partition, QueueSchedules>();
  private readonly alarm = new Alarm(() => this.lookWhereDue());
  private onLoss: () => void = () => undefined;
  private stopped = false;

  constructor(
    private readonly store: ScheduleStore,
    private readonly settings: TaskQueueSettings,
    private readonly outages: OutageLog,
    private readonly logger: GuardedLog,
    /** The names of the schedules of a queue whose ticks are left to others. */
    private readonly offOn: (queue: string) => ReadonlySet<string>,
  ) {}

  /** @param onLoss called when Redis is found to have lost its data */
  start(onLoss: () => void): void {
    this.onLoss = onLoss;
  }

  /** A worker of that queue was told how often its schedules have changed. */
  notice(partition: Partition, revision: number): void {
    if (this.stopped) return;
    let queue = this.queues.get(partition);
    if (!queue) {
      if (revision === 0) return;
      const name = queueOf(partition);
      const { maxLength } = this.settings.queue(name);
      queue = new QueueSchedules(partition, maxLength, this.offOn(name), this.store, this.outages, this.logger, {
        asleep: () => this.setAlarm(),
        lost: () => this.onLoss(),
      });
      this.queues.set(partition, queue);
    }
    queue.notice(revision);
  }

  /** This process does not work on that queue any more. */
  forget(partition: Partition): void {
    void this.queues.get(partition)?.stop();
    this.queues.delete(partition);
  }

  /** Makes no further ticks, and waits for the call that is under way. May be called twice. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.alarm.stop();
    await Promise.all([...this.queues.values()].map((queue) => queue.stop()));
  }

  private lookWhereDue(): void {
    const now = performance.now();
    for (const queue of this.queues.values()) if (queue.looksAt <= now) queue.look();
    this.setAlarm();
  }

  private setAlarm(): void {
    if (this.stopped) return;
    const first = Math.min(...[...this.queues.values()].map(({ looksAt }) => looksAt));
    if (first < Infinity) this.alarm.set(first);
  }
}

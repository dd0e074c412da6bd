import { setTimeout as delay } from 'node:timers/promises';
import { partitionOf } from '../broker/partition.js';
import type { ScheduleStore } from '../broker/schedule-store.js';
import { Backoff } from '../consumer/backoff.js';
import type { GuardedLog } from '../consumer/guarded-log.js';
import type { OutageLog } from '../consumer/outage-log.js';
import { RedisUnavailableError } from '../errors/index.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { configured, type DeclaredSchedule, type FoundSchedule, refuseDuplicates } from './declared-schedule.js';
import type { ScheduleWriter } from './schedule-writer.js';

/**
 * Brings the schedules in Redis in line with those in the code: once, at start. Never later, for while an old and a new version
 * of an application run side by side the old one must not bring back what the new one has removed. Only if Redis has lost its data
 * they are entered again.
 */
export class ScheduleDeclarer {
  private schedules: readonly DeclaredSchedule[] = [];
  private readonly ending = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly explore: () => FoundSchedule[],
    private readonly settings: TaskQueueSettings,
    private readonly store: ScheduleStore,
    private readonly writer: ScheduleWriter,
    private readonly outages: OutageLog,
    private readonly logger: GuardedLog,
  ) {}

  /** Looks through the application. @throws InvalidScheduleError, InvalidDataError, DataTooLargeError, InvalidTaskDataError */
  async load(): Promise<void> {
    const schedules = this.explore().map((schedule) => configured(schedule, this.settings));
    refuseDuplicates(schedules);
    for (const schedule of schedules) {
      this.writer.encode(schedule.queue, schedule);
      await this.writer.validate(schedule);
    }
    for (const { name, queue, origin } of schedules.filter(({ isOff }) => isOff)) {
      this.logger.log(`Schedule "${name}" on queue "${queue}" (${origin}) is off in this process`);
    }
    this.schedules = schedules;
  }

  /** The names of those on a queue that are off in this process. */
  offOn(queue: string): ReadonlySet<string> {
    const off = this.schedules.filter((schedule) => schedule.isOff && schedule.queue === queue);
    return new Set(off.map(({ name }) => name));
  }

  /** Returns at once; goes on until it has succeeded. @param worksOn the queues that this process works on */
  start(worksOn: readonly string[]): void {
    const isConcerned = this.schedules.length > 0 || worksOn.length > 0 || this.owner !== undefined;
    if (isConcerned && !this.ending.signal.aborted) this.running ??= this.run(worksOn);
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private get owner(): string | undefined {
    return this.settings.scheduleOwner;
  }

  /** Never rejects. */
  private async run(worksOn: readonly string[]): Promise<void> {
    const { signal } = this.ending;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        await this.declare(worksOn);
        this.outages.over(this);
        break;
      } catch (error) {
        if (signal.aborted) break;
        this.outages.begin(this, error);
        // What Redis does not take today it may take when somebody has seen to it: not worth to ask again at once.
        const pauseMs = error instanceof RedisUnavailableError ? backoff.next() : REFUSED_MS;
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    this.running = undefined;
  }

  private async declare(worksOn: readonly string[]): Promise<void> {
    const { owner, schedules } = this;
    const on = schedules.filter(({ isOff }) => !isOff);
    const declared = new Set(on.map(({ queue }) => queue));
    const owned = owner === undefined ? [] : await this.store.queuesOf(owner);
    // First of all, so that they are found again whatever becomes of this process.
    if (owner !== undefined) await this.store.noteQueuesOf(owner, [...declared]);
    for (const schedule of on) await this.enter(schedule);
    const queues = new Set([...declared, ...owned, ...(owner === undefined ? worksOn : [])]);
    for (const queue of queues) await this.lookForVanished(queue);
  }

  private async enter(schedule: DeclaredSchedule): Promise<void> {
    const { queue, name, origin } = schedule;
    const upserted = await this.writer.write(queue, schedule, { owner: this.owner });
    const title = `Schedule "${name}" on queue "${queue}" (${origin})`;
    switch (upserted.kind) {
      case 'owned':
        this.logger.error(`${title} belongs to "${upserted.owner}" and stays as it is: give this one another name`);
        break;
      case 'tooMany':
        this.logger.error(`${title} was not entered: the queue has too many schedules`);
        break;
      case 'created':
      case 'changed':
      case 'unchanged': {
        const next = upserted.nextMs === null ? 'it is paused' : `next at ${new Date(upserted.nextMs).toISOString()}`;
        this.logger.log(`${title} is ${upserted.kind}, ${next}`);
      }
    }
  }

  /** What this application declared once, and does not any more. Without an owner nobody can know whose it is. */
  private async lookForVanished(queue: string): Promise<void> {
    const partition = partitionOf(queue);
    const known = new Set(this.schedules.filter((schedule) => schedule.queue === queue).map(({ name }) => name));
    for (const { name, owner, isDeclared } of await this.store.list(partition)) {
      if (known.has(name) || !isDeclared) continue;
      const title = `Schedule "${name}" on queue "${queue}"`;
      if (this.owner !== undefined && owner === this.owner) {
        if (await this.store.remove(partition, name, owner)) {
          this.logger.log(`${title} is not declared any more, and was removed`);
        }
      } else if (this.owner === undefined && owner === null) {
        this.logger.warn(
          `${title} was declared in code, but not in this application's, and goes on: remove it if nobody needs it, ` +
            'or set schedules.owner, so that what an application does not declare any more is removed',
        );
      }
    }
  }
}

const REFUSED_MS = 10_000;

import { ulid } from 'ulid';
import { checkQueueName } from '../broker/names.js';
import { partitionOf, publicId } from '../broker/partition.js';
import type { ScheduleStore } from '../broker/schedule-store.js';
import type { TaskRef } from '../definition/task-ref.js';
import {
  AmbiguousScheduleError,
  InvalidOptionsError,
  type OptionProblem,
  QueueFullError,
  RedisRefusedError,
  TooManySchedulesError,
} from '../errors/index.js';
import { DEFAULT_QUEUE, type TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { object, type Rule } from '../options/option-rules.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { checkSchedule } from './checked-schedule.js';
import { type ScheduleInfo, toScheduleInfo } from './schedule-info.js';
import { checkScheduleName, type ScheduleDefinition } from './schedule-options.js';
import type { ScheduleWriter } from './schedule-writer.js';
import { ticksOfText } from './ticks.js';

/** Which of several schedules of one name is meant. */
export interface ScheduleAddress {
  /** @default the queue among `default` and those that this process has handlers for which has a schedule of that name */
  queue?: string | undefined;
}

const anything: Rule<unknown> = (given) => given;
const addressRule = object({ queue: anything });
/** How often a schedule may change while somebody lets it go on. */
const MAX_TRIES = 10;

/**
 * Schedules at run time, from any process. Their ticks are made by the processes that work on their queues.
 *
 * @example
 * await scheduler.upsert('digest:ann', { task: 'digest.send', cron: '0 8 * * 1-5', timezone: 'Europe/Berlin', data: { user: 'ann' } });
 */
export class TaskScheduler {
  constructor(
    private readonly store: ScheduleStore,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
    private readonly writer: ScheduleWriter,
  ) {}

  /**
   * Enters a schedule, or changes the one of that name: workers that sleep are told. Its next tick is then the first one from
   * now on, unless its timing is the same as before. One that is paused stays so. What code declares can be
   * changed as well, until that code starts again.
   *
   * @param name what the schedule is called in its queue, text of 1 to 200 bytes
   * @throws TaskQueueError `INVALID_SCHEDULE`, `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_OPTIONS`, `INVALID_DATA`, `DATA_TOO_LARGE`,
   *   `INVALID_TASK_DATA`, `AMBIGUOUS_QUEUE`, `TOO_MANY_SCHEDULES`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async upsert<Task extends TaskRef>(name: string, definition: ScheduleDefinition<Task>): Promise<ScheduleInfo> {
    const schedule = checkSchedule(name, definition);
    const { queue = this.handlers.queueFor(schedule.task, schedule.definition?.queue) } = definition;
    checkQueueName(queue);
    await this.writer.validate(schedule);
    const upserted = await this.writer.write(queue, schedule);
    if (upserted.kind === 'tooMany') throw new TooManySchedulesError(name, queue);
    const record = await this.store.get(partitionOf(queue), name);
    if (!record) throw new RedisRefusedError(new Error(`schedule "${name}" was removed while it was entered`));
    return toScheduleInfo(queue, record);
  }

  /**
   * Removes a schedule. Tasks that it has made stay. What code declares comes back when that code starts again: pause it instead.
   * @returns whether there was one
   * @throws TaskQueueError `INVALID_SCHEDULE` (no name), `INVALID_QUEUE`, `INVALID_OPTIONS`, `AMBIGUOUS_SCHEDULE`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async remove(name: string, address: ScheduleAddress = {}): Promise<boolean> {
    const queue = await this.locate(name, address);
    return queue !== null && this.store.remove(partitionOf(queue), name);
  }

  /** @returns `null` if there is none @throws TaskQueueError as `remove` */
  async get(name: string, address: ScheduleAddress = {}): Promise<ScheduleInfo | null> {
    const queue = await this.locate(name, address);
    const record = queue === null ? null : await this.store.get(partitionOf(queue), name);
    return queue === null || record === null ? null : toScheduleInfo(queue, record);
  }

  /**
   * All schedules of a queue, in the order of their next ticks.
   * @throws TaskQueueError `INVALID_QUEUE`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async list(queue: string = DEFAULT_QUEUE): Promise<ScheduleInfo[]> {
    checkQueueName(queue);
    return (await this.store.list(partitionOf(queue))).map((record) => toScheduleInfo(queue, record));
  }

  /**
   * Makes no ticks until `resume`, also if the code that declares it starts anew.
   * @returns whether there is such a schedule
   * @throws TaskQueueError as `remove`
   */
  async pause(name: string, address: ScheduleAddress = {}): Promise<boolean> {
    const queue = await this.locate(name, address);
    return queue !== null && this.store.pause(partitionOf(queue), name);
  }

  /**
   * Goes on with the first tick from now on: none of a pause counts as missed.
   * @returns whether there is such a schedule
   * @throws TaskQueueError as `remove`
   */
  async resume(name: string, address: ScheduleAddress = {}): Promise<boolean> {
    const queue = await this.locate(name, address);
    if (queue === null) return false;
    const partition = partitionOf(queue);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const record = await this.store.get(partition, name);
      if (!record) return false;
      const { nowMs, lastMs } = await this.store.clock(partition, name);
      const nextMs = ticksOfText(record.timing).next(Math.max(nowMs, lastMs ?? 0)) ?? Infinity;
      const resumed = await this.store.resume(partition, name, record.timing, nextMs);
      if (resumed !== 'changed') return resumed;
    }
    throw new RedisRefusedError(new Error(`schedule "${name}" changes all the time`));
  }

  /**
   * Adds a task of a schedule at once, out of turn: whether or not it is paused, and whether or not its last one has ended. Its
   * ticks go on as before.
   *
   * @returns its public id, for `TaskStatusService.get`; `null` if there is no such schedule
   * @throws TaskQueueError `QUEUE_FULL`, and as `remove`. Called again after `REDIS_UNAVAILABLE` it may add a second task
   */
  async runNow(name: string, address: ScheduleAddress = {}): Promise<{ id: string } | null> {
    const queue = await this.locate(name, address);
    if (queue === null) return null;
    const partition = partitionOf(queue);
    const { maxLength } = this.settings.queue(queue);
    const id = ulid();
    const answer = await this.store.run(partition, name, id, maxLength);
    if (answer === null) return null;
    if (answer === 'full') throw new QueueFullError(queue, maxLength);
    return { id: publicId(partition, id) };
  }

  /** @returns the queue on which it stands, as far as that is known */
  private async locate(name: string, address: ScheduleAddress): Promise<string | null> {
    checkScheduleName(name);
    const problems: OptionProblem[] = [];
    addressRule(address, '', problems);
    if (problems.length > 0) throw new InvalidOptionsError(problems);
    const { queue } = address;
    if (queue !== undefined) {
      checkQueueName(queue);
      return queue;
    }
    const candidates = [...new Set([DEFAULT_QUEUE, ...this.handlers.queues])];
    const records = await Promise.all(candidates.map((each) => this.store.get(partitionOf(each), name)));
    const found = candidates.filter((_, i) => records[i] !== null);
    if (found.length > 1) throw new AmbiguousScheduleError(name, found);
    return found[0] ?? null;
  }
}

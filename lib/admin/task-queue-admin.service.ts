import { checkQueueName } from '../broker/names.js';
import { parsePublicId, type Partition, partitionOf, queueOf } from '../broker/partition.js';
import type { TaskBroker } from '../broker/task-broker.js';
import type { TaskState } from '../broker/task-state.js';
import { InvalidOptionsError, InvalidTaskError } from '../errors/index.js';
import { dueFrom } from '../options/due.js';
import type { Duration } from '../options/duration.js';
import { checkGroup, checkGroupLimits, type GroupOptions } from '../options/group-limits.js';
import { checkPriority } from '../options/task-options.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { BulkOperations } from './bulk-operations.js';
import {
  type BulkOptions,
  type BulkReport,
  checkBulk,
  checkDrain,
  checkMoveFilter,
  checkObliterate,
  checkPurge,
  type DrainOptions,
  type MoveFilter,
  type ObliterateOptions,
  type PurgeState,
} from './bulk-options.js';
import { findTask, type FoundTask } from './found-task.js';
import { Repair } from './repair.js';
import { checkDryRun, DamageCounter, type RepairOptions, type RepairReport } from './repair-report.js';
import { checkRate, type DeadLetterFilter, deadLetterFilter, type RetryAllOptions } from './dead-letter-filter.js';
import { reviveAll } from './revive-all.js';
import { type ListOptions, listTasks, type TaskPage } from './task-list.js';

/** What `cancel` found. */
export interface CancelAnswer {
  /**
   * Whether the task ends `cancelled` now: at once if it was waiting, else when its worker has heard of it. `false` if it
   * had ended before.
   */
  cancelled: boolean;
  /** The state that it was in. */
  state: TaskState;
}

const MAX_REASON = 1_000;

/**
 * Steers tasks from outside, from any process.
 *
 * @example
 * await admin.cancel(id);
 * await admin.retryAll('email', { error: 'SmtpError' }, { rate: 50 });
 */
export class TaskQueueAdmin {
  private readonly bulk: BulkOperations;

  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
  ) {
    this.bulk = new BulkOperations(broker, settings);
  }

  /**
   * Calls a task off. What waits for a worker or for its time never runs. What is active is told through its signal, within
   * moments, and ends `cancelled` however its handler reacts, at the latest a second after it was told. Where this races with the end of the task exactly one of the two
   * wins, and the answer says which.
   *
   * @param id the public id, `<queue>:<id>`
   * @param reason stands in the status; at most 1,000 characters
   * @returns `null` if there is no such task (any more)
   * @throws TaskQueueError `INVALID_ID`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async cancel(id: string, reason = 'cancelled'): Promise<CancelAnswer | null> {
    if (typeof reason !== 'string')
      throw new InvalidOptionsError([{ option: 'reason', given: reason, allowed: 'text' }]);
    const task = locate(id);
    if (!task) return null;
    const { cancelledTtlMs } = this.settings.queue(queueOf(task.partition));
    const state = await this.broker.steering.cancel(
      task.partition,
      task.id,
      reason.slice(0, MAX_REASON),
      cancelledTtlMs,
    );
    if (state === null) return null;
    return { cancelled: state !== 'completed' && state !== 'failed' && state !== 'cancelled', state };
  }

  /**
   * Lets a task run at once that waits for its time, whether it was added so or waits for its next attempt.
   * @returns whether it did
   * @throws TaskQueueError as `cancel`
   */
  async promote(id: string): Promise<boolean> {
    return this.reschedule(id, 0);
  }

  /**
   * Changes when a task is due that waits for its time, whether it was added so or waits for its next attempt. When it
   * expires, if it does, moves along.
   *
   * @param when a span of time from now, or a moment; one that is over is at once
   * @returns whether it was waiting for its time: what is in the queue already, or runs, stays as it is
   * @throws TaskQueueError `INVALID_OPTIONS`, and as `cancel`
   */
  async reschedule(id: string, when: Duration | Date): Promise<boolean> {
    const due = dueFrom(when);
    const task = locate(id);
    return task !== null && this.broker.steering.reschedule(task.partition, task.id, due);
  }

  /**
   * Changes the priority of a task that waits, for a worker or for its time: it becomes the last one of that priority. What
   * waits for a worker is searched for among the tasks of its present priority, from the newest on, 200 in each step.
   *
   * @param priority an integer from -1000 to 1000
   * @returns whether it was waiting: what runs or has ended stays as it is, and so does what waits for a worker in a queue without
   *   statuses of waiting tasks (`status: 'final'` or `'off'`), and what has a group
   * @throws TaskQueueError `INVALID_OPTIONS`, and as `cancel`
   */
  async reprioritize(id: string, priority: number): Promise<boolean> {
    const checked = checkPriority(priority);
    const task = locate(id);
    return task !== null && this.broker.steering.reprioritize(task.partition, task.id, checked);
  }

  /**
   * Sets what one group of a queue may do, in place of what was set before, from its next turn on and until it is set anew. `{}` sets
   * nothing.
   *
   * @throws TaskQueueError `INVALID_QUEUE`, `INVALID_OPTIONS`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async setGroup(queue: string, group: string, options: GroupOptions): Promise<void> {
    checkQueueName(queue);
    await this.broker.steering.setGroup(partitionOf(queue), checkGroup(group), checkGroupLimits(options));
  }

  /**
   * Puts a dead letter back at the end of its queue, with all its attempts before it.
   * @returns whether it was a dead letter
   * @throws TaskQueueError as `cancel`
   */
  async retry(id: string): Promise<boolean> {
    const task = locate(id);
    return task !== null && (await this.broker.steering.revive(task.partition, [task.id])).length === 1;
  }

  /**
   * As `retry` for all dead letters of a queue that match the filter, from the oldest on, in pages. What dies meanwhile is not
   * tried again.
   *
   * @returns how many were put back
   * @throws TaskQueueError `INVALID_QUEUE`, `INVALID_OPTIONS`, and as `cancel`
   */
  async retryAll(queue: string, filter: DeadLetterFilter = {}, options: RetryAllOptions = {}): Promise<number> {
    checkQueueName(queue);
    const accepts = deadLetterFilter(filter);
    const perSecond = checkRate(options);
    return reviveAll(this.broker.steering, partitionOf(queue), accepts, perSecond);
  }

  /**
   * Removes a dead letter for good, its data and its status.
   * @returns whether it was a dead letter
   * @throws TaskQueueError as `cancel`
   */
  async discard(id: string): Promise<boolean> {
    const task = locate(id);
    return task !== null && this.broker.steering.discard(task.partition, task.id);
  }

  /**
   * A page of the tasks of a queue that are in this state, to be read on by its cursor. What has not ended comes in the order in which it
   * will run, as far as that is certain; what has ended from the latest on. Of what is `completed` or `cancelled` only that is listed which
   * is among the last 1,000 tasks of the queue that ended.
   *
   * While workers and producers go on between two pages no task is left out that stands in its place all the time, and hardly any comes twice.
   * One call looks at no more than 1,000 tasks or about 1 MiB: with `name` or `search` a page may be empty and yet have a cursor.
   *
   * @example
   * let cursor: string | null = null;
   * do {
   *   const page = await admin.list('email', 'failed', { cursor, search: 'ann@example.org' });
   *   for (const task of page.tasks) console.log(task.id, task.error?.message, task.data);
   *   cursor = page.cursor;
   * } while (cursor !== null);
   *
   * @throws TaskQueueError `INVALID_QUEUE`, `INVALID_OPTIONS`, `INVALID_CURSOR`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async list(queue: string, state: TaskState, options: ListOptions = {}): Promise<TaskPage> {
    checkQueueName(queue);
    return listTasks(this.broker, queue, state, options);
  }

  /**
   * Where a task stands, and what it carries. The place counts: what a worker has fetched is `active` although its status may not say so yet.
   * A task that waits is searched for in its list, in many steps where that is long; what has no status as well, in queues without
   * statuses of waiting tasks (`status: 'final'` or `'off'`).
   *
   * @param id the public id, `<queue>:<id>`
   * @returns `null` if there is no such task (any more)
   * @throws TaskQueueError as `cancel`
   */
  async find(id: string): Promise<FoundTask | null> {
    const task = locate(id);
    if (!task) return null;
    const { status } = this.settings.queue(queueOf(task.partition));
    return findTask(this.broker, task.partition, task.id, status !== 'full');
  }

  /**
   * Removes a task that no worker holds, wherever it stands: what waits, for a worker or for its time, a dead letter, and what has
   * ended. Its data, its status and its log go, and the key that it may hold is free. What waits for a worker is searched for as
   * `reprioritize` does; where waiting tasks have no statuses (`status: 'final'` or `'off'`), everything that waits in its queue is.
   *
   * @returns whether it did: what a worker holds stays, see `cancel`
   * @throws TaskQueueError as `cancel`
   */
  async remove(id: string): Promise<boolean> {
    const task = locate(id);
    if (!task) return false;
    const isThorough = this.settings.queue(queueOf(task.partition)).status !== 'full';
    return this.broker.steering.remove(task.partition, task.id, isThorough);
  }

  /**
   * Pauses a queue: no worker of any process claims from it until `resume`, also if all of them, or Redis, are started anew.
   * What runs goes on, and so does what a worker has in hand already, a few milliseconds' worth. Tasks can be added, what is due
   * joins the queue, and schedules tick.
   *
   * @returns whether it was not paused before
   * @throws TaskQueueError `INVALID_QUEUE`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async pause(queue: string): Promise<boolean> {
    checkQueueName(queue);
    return this.broker.queues.pause(partitionOf(queue));
  }

  /**
   * Lets workers claim from a paused queue again, at once.
   * @returns whether it was paused
   * @throws TaskQueueError as `pause`
   */
  async resume(queue: string): Promise<boolean> {
    checkQueueName(queue);
    return this.broker.queues.resume(partitionOf(queue));
  }

  /** @throws TaskQueueError as `pause` */
  async isPaused(queue: string): Promise<boolean> {
    checkQueueName(queue);
    return this.broker.queues.isPaused(partitionOf(queue));
  }

  /**
   * Drops what waits for a worker: each task ends `cancelled`, with the reason `drained`. Concerns as many tasks as wait when it
   * begins; what is added meanwhile may stay.
   *
   * @throws TaskQueueError `INVALID_OPTIONS`, `LAYOUT_MISMATCH`, and as `pause`; the reason of the signal
   */
  async drain(queue: string, options: DrainOptions = {}): Promise<BulkReport> {
    checkQueueName(queue);
    return this.bulk.drain(queue, checkDrain(options));
  }

  /**
   * Drops old tasks. Dead letters, and the statuses of what has completed or was cancelled, are removed where they ended so long ago.
   * What waits, for a worker or for its time, ends `cancelled` with the reason `purged` where it was added so long ago.
   *
   * For `completed` and `cancelled` it reads the name of every key of the database: statuses expire by themselves, and nothing
   * else lists them.
   *
   * @throws TaskQueueError `INVALID_OPTIONS`, `LAYOUT_MISMATCH`, and as `pause`; the reason of the signal
   */
  async purge(queue: string, state: PurgeState, olderThan: Duration, options: BulkOptions = {}): Promise<BulkReport> {
    checkQueueName(queue);
    const { state: checkedState, ageMs } = checkPurge(state, olderThan);
    return this.bulk.purge(queue, checkedState, ageMs, checkBulk(options));
  }

  /**
   * Removes a queue with everything that there is of it: tasks, statuses, schedules, locks, limits. All tasks go at one
   * moment; what is added after that stays, and begins the queue anew. Reads the name of every key of the database. A queue to
   * which an abort put an end half-way has no tasks any more; the next call removes the rest.
   *
   * @throws QueueInUseError while workers are at it, unless with `force`: then what they run loses its lease, its outcome counts for nothing, and
   *   they go on with what is added
   * @throws TaskQueueError `INVALID_OPTIONS`, and as `pause`; the reason of the signal
   */
  async obliterate(queue: string, options: ObliterateOptions = {}): Promise<BulkReport> {
    checkQueueName(queue);
    return this.bulk.obliterate(queue, checkObliterate(options));
  }

  /**
   * Moves tasks that wait to another queue, whose handlers must know their names. They keep their own part of the id
   * (`email:01J…` becomes `reports:01J…`), their data, attempts, priority, group and time, and join the end of their line.
   * What is left under the old id ends `cancelled` with the reason `moved to reports:01J…`. Each task is in one of the two queues at
   * any moment.
   *
   * What holds a key (`unique`, `throttle`, `debounce`) stays, and so does what has an id that the other queue knows: the report counts
   * them as `kept`. On a Redis Cluster both queues have to be in the same slot.
   *
   * @throws TaskQueueError `INVALID_OPTIONS`, `LAYOUT_MISMATCH`, and as `pause`; the reason of the signal
   */
  async move(queue: string, toQueue: string, filter: MoveFilter = {}, options: BulkOptions = {}): Promise<BulkReport> {
    checkQueueName(queue);
    checkQueueName(toQueue);
    if (queue === toQueue) {
      throw new InvalidOptionsError([{ option: 'toQueue', given: toQueue, allowed: 'another queue' }]);
    }
    return this.bulk.move(queue, toQueue, checkMoveFilter(filter), checkBulk(options));
  }

  /**
   * Finds whatever contradicts itself in a queue, and mends it by the envelopes, which are the truth: no task is dropped.
   * Safe while producers and workers are at it, and safe to repeat. `DamageKind` says what it finds and how that is mended.
   *
   * It reads everything that the queue holds, and the name of every key of the database, in pages of well under a millisecond.
   * At most 100,000 ids are kept in memory at once, about 10 MB; where more tasks are open the queue is read once more for
   * every further 100,000.
   *
   * @example
   * const { isClean, damages } = await admin.repair('email', { dryRun: true });
   *
   * @throws TaskQueueError `INVALID_QUEUE`, `INVALID_OPTIONS`, `LAYOUT_MISMATCH`, and as `cancel`
   */
  async repair(queue: string, options: RepairOptions = {}): Promise<RepairReport> {
    checkQueueName(queue);
    const mends = !checkDryRun(options);
    const { failedTtlMs: deadLetterTtlMs, cancelledTtlMs, status } = this.settings.queue(queue);
    const retention = { deadLetterTtlMs, cancelledTtlMs };
    const partition = partitionOf(queue);
    const damages = new DamageCounter(partition);
    await new Repair(partition, this.broker, damages, { mends, retention, withStatus: status === 'full' }).run();
    return damages.report(queue);
  }
}

function locate(id: string): { partition: Partition; id: string } | null {
  if (typeof id !== 'string') throw new InvalidTaskError('INVALID_ID', id);
  return parsePublicId(id);
}

import { fromEvent, lastValueFrom, map, merge, NEVER, Observable, takeUntil, tap, timer } from 'rxjs';
import { checkQueueName, checkTaskId } from '../broker/names.js';
import { parsePublicId, type Partition, queueOf } from '../broker/partition.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { TaskDefinition } from '../definition/task-definition.js';
import type { ResultOf } from '../definition/task-ref.js';
import {
  InvalidTaskError,
  TaskCancelledError,
  TaskFailedError,
  TaskNotFoundError,
  TaskWaitTimeoutError,
} from '../errors/index.js';
import type { Duration } from '../options/duration.js';
import { checkPlainWord, plainStatusKey, type PlainStatusOptions } from '../options/plain-options.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { checkWaitOptions, type WaitOptions } from '../options/wait-options.js';
import { checkWatchQueueOptions, type QueueSnapshot, type WatchQueueOptions } from './queue-snapshot.js';
import { QueueWatcher } from './queue-watcher.js';
import { readStatuses } from './status-reader.js';
import { StatusWatcher } from './status-watcher.js';
import { checkLogOptions, type TaskLogLine, type TaskLogOptions, toTaskLogLine } from './task-log.js';
import type { TaskStatus } from './task-status.js';
import { isTerminal } from './watched-tasks.js';

/**
 * Tells where tasks stand.
 *
 * @example
 * const status = await taskStatus.get(id); // { state: 'completed', result, … }
 */
export class TaskStatusService {
  private readonly watcher: StatusWatcher;
  private readonly queues: QueueWatcher;

  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
  ) {
    this.watcher = new StatusWatcher(broker);
    this.queues = new QueueWatcher(broker.readings);
  }

  /**
   * @param id the public id that `add` answered, `<queue>:<id>`
   * @returns `null` if there is no such task, or its status has expired
   * @throws TaskQueueError `INVALID_ID` (no text), `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  get(id: string): Promise<TaskStatus | null>;
  /**
   * With a result of the type that its handler returns, as far as JSON carries it.
   * @returns `null` also for a task of another name
   */
  get<Task extends TaskDefinition>(task: Task, id: string): Promise<TaskStatus<ResultOf<Task>> | null>;
  async get(task: TaskDefinition | string, id?: string): Promise<TaskStatus | null> {
    if (!(task instanceof TaskDefinition)) return (await this.getMany([task]))[0] ?? null;
    const [status] = await this.getMany([id as string]);
    return ofTask(task, status);
  }

  /** As `get` for any number of ids. @returns one status or `null` per id, in the order of the ids */
  async getMany(ids: readonly string[]): Promise<(TaskStatus | null)[]> {
    if (!Array.isArray(ids)) throw new InvalidTaskError('INVALID_ID', ids);
    const statuses = ids.map((): TaskStatus | null => null);
    const byPartition = new Map<Partition, { index: number; id: string }[]>();
    ids.forEach((text: unknown, index) => {
      const parsed = parse(text);
      if (!parsed) return;
      const rows = byPartition.get(parsed.partition) ?? [];
      rows.push({ index, id: parsed.id });
      byPartition.set(parsed.partition, rows);
    });
    for (const [partition, rows] of byPartition) {
      const ofPartition = await readStatuses(
        this.broker,
        partition,
        rows.map(({ id }) => id),
      );
      rows.forEach(({ index }, row) => (statuses[index] = ofPartition[row] ?? null));
    }
    return statuses;
  }

  /**
   * What its handler has logged with `TaskContext.log`, oldest first, of all its attempts: the last 1,000 lines. They are kept for 7 days
   * from the last one on, whatever the queue's `status` is; less long only if the task is discarded, or its `retention` is 0.
   * @returns `[]` also if there is no such task
   * @throws TaskQueueError `INVALID_ID`, `INVALID_OPTIONS`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async logs(id: string, options: TaskLogOptions = {}): Promise<TaskLogLine[]> {
    const task = parse(id);
    const { offset, limit } = checkLogOptions(options);
    if (!task) return [];
    return (await this.broker.logs(task.partition, task.id, offset, limit)).map(toTaskLogLine);
  }

  /**
   * Emits where the task stands, and then each change, progress included; of changes in quick succession perhaps only the last.
   * Completes when the task has ended, or where there is no status (any more). An outage of Redis is waited for.
   *
   * Nothing is watched before somebody subscribes. All that this process watches shares one connection.
   *
   * Where the queue's `status` is `final`, it waits for one that is not there yet, unless `retention.completed` is 0: then there
   * may never be one.
   *
   * @throws TaskQueueError `INVALID_ID`; as errors of the Observable `REDIS_REFUSED`, `WATCH_CLOSED`
   */
  watch(id: string): Observable<TaskStatus> {
    const task = parse(id);
    return new Observable((subscriber) => {
      if (!task) return subscriber.complete();
      const comesLater = this.comesLater(task.partition);
      return this.watcher.observe(task.partition, task.id, {
        next: (status) => {
          if (status) subscriber.next(status);
          if (status ? isTerminal(status) : !comesLater) subscriber.complete();
        },
        error: (error) => subscriber.error(error),
      });
    });
  }

  /**
   * Waits until the task has ended. Needs no polling, and misses nothing, whenever that is.
   *
   * @returns what the handler returned
   * @throws TaskQueueError `TASK_FAILED`, `TASK_CANCELLED`, `TASK_NOT_FOUND`, `TASK_WAIT_TIMEOUT`, `WATCH_CLOSED`, `INVALID_ID`,
   *   `INVALID_OPTIONS`, `REDIS_REFUSED`; or the reason of `signal`
   */
  wait(id: string, options?: WaitOptions): Promise<unknown>;
  /** With a result of the type that its handler returns, as far as JSON carries it. A task of another name is `TASK_NOT_FOUND`. */
  wait<Task extends TaskDefinition>(task: Task, id: string, options?: WaitOptions): Promise<ResultOf<Task>>;
  async wait(first: TaskDefinition | string, second?: string | WaitOptions, third?: WaitOptions): Promise<unknown> {
    if (!(first instanceof TaskDefinition)) return resultOf(first, await this.ended(first, second as WaitOptions));
    const id = second as string;
    return resultOf(id, ofTask(first, await this.ended(id, third)));
  }

  /**
   * The plain status of an id: what stands under the key `task_status:<id>`, whoever wrote it. Of tasks from plain lists that is their
   * state; the module's `prefix` does not apply.
   *
   * @returns `null` where there is none (any more)
   * @throws TaskQueueError `INVALID_ID`, `INVALID_OPTIONS`, `NOT_A_PLAIN_STATUS`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`,
   *   `NOT_IN_MEMORY`
   */
  async getPlain(id: string, options: PlainStatusOptions = {}): Promise<string | null> {
    return this.broker.plain.word(this.plainKey(id, options));
  }

  /**
   * Writes the plain status of an id, for whoever reads it elsewhere. A task that has one writes over it when its state changes.
   *
   * @param word text of 1 to 256 bytes without control characters
   * @param ttl how long it stays. @default for ever
   * @throws TaskQueueError as `getPlain`; what somebody keeps there that is no text is left as it is: `NOT_A_PLAIN_STATUS`
   */
  async setPlain(id: string, word: string, ttl?: Duration, options: PlainStatusOptions = {}): Promise<void> {
    const key = this.plainKey(id, options);
    const { word: checkedWord, ttlMs } = checkPlainWord(word, ttl);
    await this.broker.plain.setWord(key, checkedWord, ttlMs);
  }

  /**
   * Emits how a queue stands, now and once in each interval. However many subscribe in this process, the queue is looked at once; whoever
   * comes later gets the latest at once. An outage of Redis is waited for. Never completes.
   *
   * @throws TaskQueueError `INVALID_QUEUE`, `INVALID_OPTIONS`; as errors of the Observable `REDIS_REFUSED`, `WATCH_CLOSED`
   * @example
   * taskStatus.watchQueue('email').subscribe(({ waiting, completedPerSecond }) => …);
   */
  watchQueue(queue: string, options: WatchQueueOptions = {}): Observable<QueueSnapshot> {
    checkQueueName(queue);
    return this.queues.watch(queue, checkWatchQueueOptions(options));
  }

  /** Ends what watches tasks and queues. Called by the module when the application shuts down. */
  close(): void {
    this.watcher.close();
    this.queues.close();
  }

  private async ended(id: string, options: WaitOptions = {}): Promise<TaskStatus | null> {
    const { timeoutMs, signal } = checkWaitOptions(options);
    signal?.throwIfAborted();
    let latest: TaskStatus | undefined;
    const late = timeoutMs === undefined ? NEVER : timer(timeoutMs);
    const aborted = signal ? fromEvent(signal, 'abort') : NEVER;
    const givenUp = merge(
      late.pipe(map(() => fail(new TaskWaitTimeoutError(id, timeoutMs ?? 0, latest?.state)))),
      aborted.pipe(map(() => fail(signal?.reason))),
    );
    const watched = this.watch(id).pipe(
      tap((status) => (latest = status)),
      takeUntil(givenUp),
    );
    return lastValueFrom(watched, { defaultValue: null });
  }

  private plainKey(id: string, options: PlainStatusOptions): string {
    checkTaskId(id);
    return plainStatusKey(id, options, this.settings.prefix);
  }

  private comesLater(partition: Partition): boolean {
    const { status, completedTtlMs } = this.settings.queue(queueOf(partition));
    return status === 'final' && completedTtlMs > 0;
  }
}

/** @returns `null` for text that is no public id @throws InvalidTaskError */
function parse(id: unknown): ReturnType<typeof parsePublicId> {
  if (typeof id !== 'string') throw new InvalidTaskError('INVALID_ID', id);
  return parsePublicId(id);
}

function ofTask({ name }: TaskDefinition, status: TaskStatus | null | undefined): TaskStatus | null {
  return status?.name === name ? status : null;
}

function fail(error: unknown): never {
  throw error;
}

function resultOf(id: string, status: TaskStatus | null): unknown {
  if (status?.state === 'completed') return status.result;
  if (status?.state === 'failed') throw new TaskFailedError(status);
  if (status?.state === 'cancelled') throw new TaskCancelledError(id, status.reason);
  throw new TaskNotFoundError(id);
}

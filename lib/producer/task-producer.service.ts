import { monotonicFactory } from 'ulid';
import { encodeEnvelope } from '../broker/envelope.js';
import { checkQueueName, checkTaskId, checkTaskName } from '../broker/names.js';
import { type Partition, partitionOf, publicId, queueOf } from '../broker/partition.js';
import type { Enqueued, NewTask, TaskBroker } from '../broker/task-broker.js';
import {
  BulkIncompleteError,
  InvalidOptionsError,
  ProducerClosedError,
  QueueFullError,
  RedisRefusedError,
} from '../errors/index.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { type DueOptions, dueOf } from '../options/due.js';
import { checkGroup } from '../options/group-limits.js';
import type { PlainTaskOptions } from '../options/task-options.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { encodeData } from './encode-data.js';
import { EnqueueBatcher, MAX_LANE_ROWS, MAX_ROWS, MAX_SCHEDULED_ROWS } from './enqueue-batcher.js';
import { ownOptions } from './own-options.js';
import { randomFraction } from './random-fraction.js';

/** Options of one task. Those of `TaskOptions` travel with it, and win over all others of that name. */
export interface AddOptions extends PlainTaskOptions, DueOptions {
  /** @default the queue of the task's handler in this process, else `default` */
  queue?: string | undefined;
  /**
   * An id of the caller's own, any text of 1 to 256 bytes. As long as a status of that id lives in the queue, another
   * `add` with it adds nothing and answers `created: false`. @default a ULID
   */
  id?: string | undefined;
  /**
   * On whose behalf the task is done, a tenant say: the groups of a queue take turns, and the tasks of one stand in the order of
   * their adding. Text of 1 to 256 bytes without control characters, quotes and backslashes. Not together with a priority.
   * @default none: such tasks take turns with the groups as if they were one
   */
  group?: string | undefined;
}

/** One row of `addBulk`. */
export interface BulkRow extends AddOptions {
  name: string;
  data?: unknown;
}

/** What became of an `add`. */
export interface AddedTask {
  /** The public id, `<queue>:<id>`, for `TaskStatusService.get`. */
  id: string;
  queue: string;
  /** `false` if a task of this id was there already: then nothing was added. */
  created: boolean;
}

interface PreparedTask {
  partition: Partition;
  task: NewTask;
}

/** Where tasks are added: each place has a script of its own, which knows nothing of what the other tasks need. */
type Place = 'queue' | 'lanes' | 'schedule';

/** What of a bulk goes to one place of one partition. */
interface BulkPart {
  partition: Partition;
  batcher: EnqueueBatcher;
  tasks: NewTask[];
  /** Which rows of the bulk these are. */
  rows: number[];
}

const OPTION_NAMES = [
  'queue',
  'id',
  'group',
  'delay',
  'runAt',
  'attempts',
  'backoff',
  'retryFor',
  'timeout',
  'expiresIn',
  'priority',
];
const BULK_ROW_NAMES = ['name', 'data', ...OPTION_NAMES];

/**
 * Adds tasks. All calls of one turn of the event loop travel to Redis together, or in a few goes where there are many, and each
 * gets its own answer.
 *
 * @example
 * const { id } = await producer.add('email.send', { to: 'ann@example.org' });
 */
export class TaskProducer {
  private readonly batchers: Readonly<Record<Place, EnqueueBatcher>>;
  private readonly nextId = monotonicFactory(randomFraction);
  private closed = false;

  constructor(
    broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
  ) {
    const enqueue = (partition: Partition, tasks: readonly NewTask[], inLanes: boolean): Promise<Enqueued[]> => {
      const { maxLength, status } = settings.queue(queueOf(partition));
      return broker.enqueue(partition, tasks, { maxLength, withStatus: status === 'full', inLanes });
    };
    this.batchers = {
      queue: new EnqueueBatcher(MAX_ROWS, (partition, tasks) => enqueue(partition, tasks, false)),
      lanes: new EnqueueBatcher(MAX_LANE_ROWS, (partition, tasks) => enqueue(partition, tasks, true)),
      schedule: new EnqueueBatcher(MAX_SCHEDULED_ROWS, (partition, tasks) => {
        const { maxLength } = settings.queue(queueOf(partition));
        return broker.schedule(partition, tasks, { maxLength });
      }),
    };
  }

  /**
   * Adds one task. What is wrong is refused before anything is written.
   *
   * @param name selects the handler
   * @param data anything that JSON can carry; `undefined` arrives as `null`
   * @throws TaskQueueError `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_ID`, `INVALID_OPTIONS`, `INVALID_DATA`,
   *   `DATA_TOO_LARGE`, `AMBIGUOUS_QUEUE`, `QUEUE_FULL`, `PRODUCER_CLOSED`, `PRODUCER_OVERLOADED`, `REDIS_UNAVAILABLE` (within
   *   `commandTimeout`), `REDIS_REFUSED`
   */
  async add(name: string, data?: unknown, options: AddOptions = {}): Promise<AddedTask> {
    const { partition, task } = this.prepare(name, data, options, OPTION_NAMES);
    const enqueued = await this.batchers[placeOf(task)].add(partition, task);
    if (enqueued === 'full') throw this.full(partition);
    if (enqueued === 'refused') throw refused(partition, task);
    return added(partition, task, enqueued);
  }

  /**
   * Adds any number of tasks. All rows are checked before the first one is written; they then travel in chunks, so
   * this is no transaction. Of two rows of one id the first one is added; if only one of them waits for its time, or has a priority or a group, either may be.
   *
   * @returns one answer per row, in the order of the rows
   * @throws TaskQueueError as `add`; `BULK_INCOMPLETE` where Redis failed on the way or a queue was full, with the answers
   *   so far
   */
  async addBulk(rows: readonly BulkRow[]): Promise<AddedTask[]> {
    if (!Array.isArray(rows)) throw new InvalidOptionsError([{ option: 'rows', given: rows, allowed: 'an array' }]);
    const prepared = (rows as readonly BulkRow[]).map((row) => this.prepare(row?.name, row?.data, row, BULK_ROW_NAMES));
    const parts = new Map<string, BulkPart>();
    prepared.forEach(({ partition, task }, row) => {
      const place = placeOf(task);
      const key = `${place} ${partition}`;
      let part = parts.get(key);
      if (!part) parts.set(key, (part = { partition, batcher: this.batchers[place], tasks: [], rows: [] }));
      part.tasks.push(task);
      part.rows.push(row);
    });

    const answers = prepared.map((): AddedTask | null => null);
    const full: number[] = [];
    const sending = [...parts.values()].map(({ partition, batcher, tasks, rows: rowsOf }) =>
      batcher.addAll(partition, tasks, (index, task, enqueued) => {
        const row = rowsOf[index] ?? -1;
        if (enqueued === 'full') full.push(row);
        else if (enqueued !== 'refused') answers[row] = added(partition, task, enqueued);
      }),
    );
    const failure = (await Promise.allSettled(sending)).find((result) => result.status === 'rejected');
    if (failure) throw new BulkIncompleteError(answers, full, failure.reason);
    const [firstFull] = full.sort((one, other) => one - other);
    const firstMissing = prepared[firstFull ?? answers.indexOf(null)];
    if (firstMissing) {
      const { partition, task } = firstMissing;
      const cause = firstFull === undefined ? refused(partition, task) : this.full(partition);
      throw new BulkIncompleteError(answers, full, cause);
    }
    return answers.filter((answer) => answer !== null);
  }

  /** Sends what was added before, then refuses. Called by the module when the application shuts down. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.batchers).map((batcher) => batcher.idle()));
  }

  private full(partition: Partition): QueueFullError {
    const queue = queueOf(partition);
    return new QueueFullError(queue, this.settings.queue(queue).maxLength);
  }

  private prepare(name: string, data: unknown, options: AddOptions, known: readonly string[]): PreparedTask {
    if (this.closed) throw new ProducerClosedError();
    checkTaskName(name);
    checkOptions(options, known);
    const { queue = this.handlers.queueFor(name), id, group } = options;
    checkQueueName(queue);
    if (id !== undefined) checkTaskId(id);

    const due = dueOf(options);
    const own = ownOptions(options);
    const declared = this.handlers.of(queue).get(name)?.settings;
    const { expiresInMs, priority } = this.settings.added(queue, name, declared, own?.settings);

    if (group !== undefined) checkGroupOf(group, priority);
    const json = encodeData(name, data, this.settings.maxDataBytes);
    const taskId = id ?? this.nextId();
    const token = id === undefined ? '' : this.nextId().slice(-16);
    const envelope = encodeEnvelope(taskId, name, json, own?.envelope, { priority, group });
    return {
      partition: partitionOf(queue),
      task: { id: taskId, name, token, envelope, due, priority, group, expiresInMs },
    };
  }
}

function checkGroupOf(group: unknown, priority: number): void {
  checkGroup(group);
  if (priority === 0) return;
  const allowed = 'not together with a priority: groups take turns, whatever their tasks are';
  throw new InvalidOptionsError([{ option: 'group', given: group, allowed }]);
}

function placeOf({ due, priority, group }: NewTask): Place {
  if (due) return 'schedule';
  return priority === 0 && group === undefined ? 'queue' : 'lanes';
}

function added(partition: Partition, { id }: NewTask, enqueued: 'created' | 'known'): AddedTask {
  return { id: publicId(partition, id), queue: queueOf(partition), created: enqueued === 'created' };
}

function refused(partition: Partition, { id }: NewTask): RedisRefusedError {
  const cause = new Error(`somebody keeps something else under the status key of ${publicId(partition, id)}`);
  return new RedisRefusedError(cause);
}

function checkOptions(options: AddOptions, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOptionsError([
      { option: 'options', given: options, allowed: `an object with ${known.join(', ')}` },
    ]);
  }
  for (const option in options) {
    if (known.includes(option)) continue;
    const given = (options as Record<string, unknown>)[option];
    throw new InvalidOptionsError([{ option, given, allowed: `one of ${known.join(', ')}` }]);
  }
}

import { monotonicFactory } from 'ulid';
import { encodeEnvelope } from '../broker/envelope.js';
import { LOCKED_SUFFIX } from '../broker/lock.js';
import { checkQueueName, checkTaskId, checkTaskName } from '../broker/names.js';
import { type Partition, partitionOf, publicId, queueOf } from '../broker/partition.js';
import type { Enqueued, NewTask, TaskBroker } from '../broker/task-broker.js';
import type { StandardSchema } from '../definition/standard-schema.js';
import { parseData } from '../definition/parse-data.js';
import type { DataOf, TaskRef, AddArguments } from '../definition/task-ref.js';
import { TaskDefinition } from '../definition/task-definition.js';
import { TaskRow } from '../definition/task-row.js';
import {
  BulkIncompleteError,
  InvalidOptionsError,
  ProducerClosedError,
  QueueFullError,
  RedisRefusedError,
} from '../errors/index.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import { ADD_OPTIONS, type AddOptions, checkOptionNames } from '../options/add-options.js';
import { dueOf } from '../options/due.js';
import { checkGroup } from '../options/group-limits.js';
import { lockOf } from '../options/lock-options.js';
import { checkPlainList } from '../options/plain-options.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { type AddedTask, addedTask } from './added-task.js';
import { checkPlainValue, encodeData } from './encode-data.js';
import { EnqueueBatcher, MAX_LOCKED_ROWS, MAX_ROWS, MAX_SCHEDULED_ROWS } from './enqueue-batcher.js';
import { ownOptions } from './own-options.js';
import { randomFraction } from './random-fraction.js';

/** One row of `addBulk`. */
export interface BulkRow extends AddOptions {
  name: string;
  data?: unknown;
}

interface PreparedTask {
  partition: Partition;
  task: NewTask;
  /** What is to be validated before anything is written. */
  unseen: UnseenData | undefined;
}

/** As they will come out of JSON, and for that reason not as they were given. */
interface UnseenData {
  name: string;
  schema: StandardSchema;
  json: string;
}

/** Where tasks are added: each place has a script of its own, which knows nothing of what the other tasks need. */
type Place = 'queue' | 'lanes' | 'schedule' | 'locks';

/** What of a bulk goes to one place of one partition. */
interface BulkPart {
  partition: Partition;
  batcher: EnqueueBatcher;
  tasks: NewTask[];
  /** Which rows of the bulk these are. */
  rows: number[];
}

const BULK_ROW_NAMES = ['name', 'data', ...ADD_OPTIONS];

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
  private readonly pushes = new Set<Promise<number>>();
  private closed = false;

  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: TaskQueueSettings,
    private readonly handlers: TaskHandlerRegistry,
    private readonly telemetry?: Telemetry,
  ) {
    const enqueue = (partition: Partition, tasks: readonly NewTask[], inLanes: boolean): Promise<Enqueued[]> => {
      const { maxLength, status } = settings.queue(queueOf(partition));
      return broker.enqueue(partition, tasks, { maxLength, withStatus: status === 'full', inLanes });
    };
    this.batchers = {
      queue: new EnqueueBatcher(MAX_ROWS, (partition, tasks) => enqueue(partition, tasks, false)),
      lanes: new EnqueueBatcher(MAX_ROWS, (partition, tasks) => enqueue(partition, tasks, true)),
      schedule: new EnqueueBatcher(MAX_SCHEDULED_ROWS, (partition, tasks) => {
        const { maxLength } = settings.queue(queueOf(partition));
        return broker.schedule(partition, tasks, { maxLength });
      }),
      locks: new EnqueueBatcher(MAX_LOCKED_ROWS, (partition, tasks) => {
        const { maxLength } = settings.queue(queueOf(partition));
        return broker.addLocked(partition, tasks, { maxLength });
      }),
    };
  }

  /**
   * Adds one task. What is wrong is refused before anything is written.
   *
   * @param task its name, which selects the handler, or its definition
   * @param data anything that JSON can carry and that the definition allows; `undefined` arrives as `null`
   * @throws TaskQueueError `INVALID_NAME`, `INVALID_QUEUE`, `INVALID_ID`, `INVALID_OPTIONS`, `INVALID_DATA`,
   *   `INVALID_TASK_DATA` (what a schema found, as `issues`), `DATA_TOO_LARGE`, `AMBIGUOUS_QUEUE`, `QUEUE_FULL`, `PRODUCER_CLOSED`, `PRODUCER_OVERLOADED`, `REDIS_UNAVAILABLE` (within
   *   `commandTimeout`), `REDIS_REFUSED`
   */
  add<Task extends TaskRef>(task: Task, ...rest: AddArguments<DataOf<Task>>): Promise<AddedTask>;
  async add(ref: TaskRef, data?: unknown, options: AddOptions = {}): Promise<AddedTask> {
    const prepared = this.prepare(ref, data, options, ADD_OPTIONS);
    const { partition, task, unseen } = prepared;
    const adding = this.telemetry?.adding([prepared], false);
    try {
      if (unseen) await this.validate(unseen);
      const enqueued = await this.batchers[placeOf(task)].add(partition, task);
      if (enqueued === 'full') throw this.full(partition);
      if (enqueued === 'refused') throw refused(partition, task);
      const added = addedTask(partition, task, enqueued);
      adding?.done([added]);
      return added;
    } catch (error) {
      adding?.failed(error);
      throw error;
    }
  }

  /**
   * Adds any number of tasks. All rows are checked before the first one is written; they then travel in chunks, so
   * this is no transaction. Of two rows of one id the first one is added; if only one of them waits for its time, or has a priority or a group, either may be. Rows
   * with keys (`unique`, `throttle`, `debounce`) are looked at in their order.
   *
   * @returns one answer per row, in the order of the rows
   * @throws TaskQueueError as `add`; `BULK_INCOMPLETE` where Redis failed on the way or a queue was full, with the answers
   *   so far
   */
  async addBulk(rows: readonly (BulkRow | TaskRow)[]): Promise<AddedTask[]> {
    if (!Array.isArray(rows)) throw new InvalidOptionsError([{ option: 'rows', given: rows, allowed: 'an array' }]);
    const prepared = (rows as readonly (BulkRow | TaskRow)[]).map((row) => this.prepareRow(row));
    const adding = this.telemetry?.adding(prepared, true);
    try {
      const added = await this.sendAll(prepared);
      adding?.done(added);
      return added;
    } catch (error) {
      adding?.failed(error);
      throw error;
    }
  }

  /**
   * Pushes a value to the left of a list, as it is, for consumers that are written elsewhere and take from its right. It is no task:
   * nothing is known of it here. Sent once: where the answer is lost it may have arrived, and pushed again it is there twice.
   *
   * @param list the key of the list, in full: the module's `prefix` does not apply
   * @param value text; anything else must be encoded by the caller
   * @returns how many elements the list has now
   * @throws TaskQueueError `INVALID_OPTIONS` (the list), `INVALID_DATA`, `DATA_TOO_LARGE`, `PRODUCER_CLOSED`, `REDIS_UNAVAILABLE`,
   *   `REDIS_REFUSED` (the key is no list, for instance), `NOT_IN_MEMORY`
   *
   * @example await producer.pushPlain('thumbnails', JSON.stringify({ id: 7, file: 'a.png' }));
   */
  async pushPlain(list: string, value: string): Promise<number> {
    this.refuseIfClosed();
    checkPlainList(list, this.settings.prefix);
    checkPlainValue(list, value, this.settings.maxDataBytes);
    const push = this.broker.plain.push(list, value);
    this.pushes.add(push);
    return push.finally(() => this.pushes.delete(push));
  }

  /** Sends what was added before, then refuses. Called by the module when the application shuts down. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(Object.values(this.batchers).map((batcher) => batcher.idle()));
    await Promise.allSettled(this.pushes);
  }

  private async sendAll(prepared: readonly PreparedTask[]): Promise<AddedTask[]> {
    for (const [row, { unseen }] of prepared.entries()) if (unseen) await this.validate(unseen, row);
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
        else if (enqueued !== 'refused') answers[row] = addedTask(partition, task, enqueued);
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

  private refuseIfClosed(): void {
    if (this.closed) throw new ProducerClosedError();
  }

  private full(partition: Partition): QueueFullError {
    const queue = queueOf(partition);
    return new QueueFullError(queue, this.settings.queue(queue).maxLength);
  }

  private async validate({ name, schema, json }: UnseenData, row?: number): Promise<void> {
    await parseData(name, schema, JSON.parse(json), { row });
    this.refuseIfClosed();
  }

  private prepareRow(row: BulkRow | TaskRow): PreparedTask {
    if (row instanceof TaskRow) return this.prepare(row.task, row.data, row.options ?? {}, ADD_OPTIONS);
    return this.prepare(row?.name, row?.data, row, BULK_ROW_NAMES);
  }

  private prepare(ref: TaskRef, data: unknown, options: AddOptions, known: readonly string[]): PreparedTask {
    this.refuseIfClosed();
    const definition = ref instanceof TaskDefinition ? ref : undefined;
    const name = definition ? definition.name : (ref as string);
    checkTaskName(name);
    checkOptionNames(options, known);
    const { queue = this.handlers.queueFor(name, definition?.queue), id, group } = options;
    checkQueueName(queue);
    if (id !== undefined) checkTaskId(id);

    const locked = lockOf(name, options);
    const due = locked?.due ?? dueOf(options);
    const own = ownOptions(options);
    const declared = [this.handlers.of(queue).get(name)?.settings, definition?.settings];
    const { expiresInMs, priority } = this.settings.added(queue, name, declared, own?.settings);

    if (group !== undefined) checkGroupOf(group, priority);
    const json = encodeData(name, data, this.settings.maxDataBytes);
    const taskId = id ?? (locked ? this.nextId() + LOCKED_SUFFIX : this.nextId());
    const token = id === undefined ? '' : this.nextId().slice(-16);
    const tail = due ? { ...own?.envelope, delayed: true as const } : own?.envelope;
    const envelope = encodeEnvelope(taskId, name, json, tail, { priority, group });
    const task = { id: taskId, name, token, envelope, due, priority, group, expiresInMs, lock: locked?.lock };
    const schema = definition?.schema;
    return { partition: partitionOf(queue), task, unseen: schema && { name, schema, json } };
  }
}

function checkGroupOf(group: unknown, priority: number): void {
  checkGroup(group);
  if (priority === 0) return;
  const allowed = 'not together with a priority: groups take turns, whatever their tasks are';
  throw new InvalidOptionsError([{ option: 'group', given: group, allowed }]);
}

function placeOf({ lock, due, priority, group }: NewTask): Place {
  if (lock) return 'locks';
  if (due) return 'schedule';
  return priority === 0 && group === undefined ? 'queue' : 'lanes';
}

function refused(partition: Partition, { id }: NewTask): RedisRefusedError {
  const cause = new Error(`somebody keeps something else under the status key of ${publicId(partition, id)}`);
  return new RedisRefusedError(cause);
}

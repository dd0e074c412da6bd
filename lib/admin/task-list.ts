import { type Partition, partitionOf, publicId } from '../broker/partition.js';
import type { PlacedTask } from '../broker/placed-task.js';
import type { TaskBroker } from '../broker/task-broker.js';
import { TASK_STATES, type TaskState } from '../broker/task-state.js';
import { InvalidCursorError, InvalidOptionsError, type OptionProblem } from '../errors/index.js';
import { integer, object, oneOf, rule } from '../options/option-rules.js';
import type { TaskStatus } from '../status/task-status.js';
import { type TaskPlace, toFoundTask } from './found-task.js';
import { decodeCursor, encodeCursor } from './task-cursor.js';

export interface ListOptions {
  /** That of the page before; `null` or nothing for the first page. */
  cursor?: string | null | undefined;
  /** How many tasks a page has at most, up to 1,000. @default 50 */
  limit?: number | undefined;
  /** Only tasks of this name. */
  name?: string | undefined;
  /** Only tasks in whose id, name or data, as JSON, this text stands. Case counts. */
  search?: string | undefined;
}

/** A task in a list. What may be long, as its result, is told by `find`. */
export interface ListedTask
  extends Omit<TaskStatus, 'id' | 'progress' | 'result' | 'unrecorded' | 'earlierErrors'>, TaskPlace {
  /** The public id; `null` of what another program has pushed, until a worker comes to it: then it gets one. */
  id: string | null;
}

export interface TaskPage {
  /** At most `limit`; perhaps none although there are more. */
  tasks: ListedTask[];
  /** For the next page; `null` where there is nothing more. */
  cursor: string | null;
}

/** What one call looks at, whatever it finds: so many tasks, or a little more than so many characters. */
const MAX_LOOKED_AT = 1_000;
const MAX_BYTES = 1024 * 1024;
const DEFAULT_LIMIT = 50;
/** How many a step reads that must look for the right ones. */
const STEP = 100;

const text = rule('text', (given) => (typeof given === 'string' ? given : undefined));
const cursorRule = rule('a cursor', (given) => given as string | null);
const optionsRule = object({ cursor: cursorRule, limit: integer(1, MAX_LOOKED_AT), name: text, search: text });
const stateRule = oneOf<TaskState>(...TASK_STATES);

/** One page of a list. @throws InvalidOptionsError @throws InvalidCursorError */
export async function listTasks(
  broker: TaskBroker,
  queue: string,
  givenState: TaskState,
  options: ListOptions,
): Promise<TaskPage> {
  const { state, cursor, limit, accepts, isFiltered } = checkList(givenState, options);
  const partition = partitionOf(queue);
  const place = { queue, state };
  const position = decodeCursor(place, cursor);
  const count = isFiltered ? STEP : Math.min(limit, STEP);
  const tasks: ListedTask[] = [];
  let [lookedAt, bytes] = [0, 0];
  try {
    for await (const step of broker.listing.walk({ partition, state, position, count })) {
      const task = step.task && toListedTask(partition, step.task);
      if (task && accepts(task)) tasks.push(task);
      lookedAt += 1;
      bytes += step.bytes;
      if (tasks.length === limit || lookedAt === MAX_LOOKED_AT || bytes >= MAX_BYTES) {
        return { tasks, cursor: encodeCursor(place, step.position()) };
      }
    }
  } catch (error) {
    // The whole of it says more to whom it belongs than the position in it.
    throw error instanceof InvalidCursorError ? new InvalidCursorError(cursor) : error;
  }
  return { tasks, cursor: null };
}

function checkList(givenState: TaskState, options: ListOptions) {
  const problems: OptionProblem[] = [];
  const state = stateRule(givenState ?? null, 'state', problems);
  const { cursor, limit = DEFAULT_LIMIT, name, search } = optionsRule(options, '', problems) ?? {};
  if (problems.length > 0 || state === undefined) throw new InvalidOptionsError(problems);
  const accepts = (task: ListedTask): boolean =>
    (name === undefined || task.name === name) && (search === undefined || contains(task, search));
  return { state, cursor, limit, accepts, isFiltered: name !== undefined || search !== undefined };
}

function contains({ id, name, data }: ListedTask, search: string): boolean {
  return [id ?? '', name, JSON.stringify(data)].some((text) => text.includes(search));
}

function toListedTask(partition: Partition, task: PlacedTask): ListedTask {
  const { progress, result, unrecorded, earlierErrors, ...listed } = toFoundTask(partition, task.id ?? '', task);
  return { ...listed, id: task.id === null ? null : publicId(partition, task.id) };
}

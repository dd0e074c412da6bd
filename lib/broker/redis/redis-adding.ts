import { randomUUID } from 'node:crypto';
import { LayoutMismatchError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import type { Due, Enqueued, EnqueueOptions, NewTask, ScheduleOptions } from '../task-broker.js';
import type { RedisConnection } from './redis-connection.js';
import { LAYOUT_VERSION, type RedisKeys } from './redis-keys.js';
import type { RedisWatch } from './redis-watch.js';

type Arguments = (string | number)[];

/** An answer that may be asked for again, in timeouts of a call: the last try may reach Redis late. */
export const REMEMBERED_FOR = 2;

/** How tasks come into Redis: into the queue, or to where they wait for their time. */
export class RedisAdding {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly health: RedisWatch,
    /** After which a call is not sent again. */
    private readonly commandTimeoutMs: number,
  ) {}

  async enqueue(
    partition: Partition,
    tasks: readonly NewTask[],
    { maxLength = Infinity, withStatus = true, inLanes = false }: EnqueueOptions,
  ): Promise<Enqueued[]> {
    const call: Arguments = [...this.keys.scripts(partition), LAYOUT_VERSION, boundOf(maxLength)];
    call.push(withStatus ? 1 : 0);
    pushExpiring(call, tasks);
    for (const { id, name, token, envelope } of tasks) call.push(id, name, token, envelope);
    const isPlain = !inLanes && maxLength === Infinity;
    return this.add(
      partition,
      tasks,
      this.commands.repeatable((client) => (isPlain ? client.taskEnqueue(call) : client.taskEnqueueInLanes(call))),
    );
  }

  async schedule(
    partition: Partition,
    tasks: readonly NewTask[],
    { maxLength = Infinity }: ScheduleOptions,
  ): Promise<Enqueued[]> {
    const call: Arguments = [...this.keys.scripts(partition), LAYOUT_VERSION, boundOf(maxLength)];
    pushExpiring(call, tasks);
    for (const { id, name, token, envelope, due } of tasks) call.push(id, name, token, envelope, dueArgument(due));
    return this.add(
      partition,
      tasks,
      this.commands.repeatable((client) => client.taskSchedule(call)),
    );
  }

  async addLocked(
    partition: Partition,
    tasks: readonly NewTask[],
    { maxLength = Infinity }: ScheduleOptions,
  ): Promise<Enqueued[]> {
    const token = tasks.some(({ lock }) => lock && !('until' in lock)) ? randomUUID() : '';
    const call: Arguments = [...this.keys.scripts(partition), LAYOUT_VERSION, boundOf(maxLength)];
    call.push(REMEMBERED_FOR * this.commandTimeoutMs, token);
    for (const task of tasks) pushLocked(call, task);
    const answers = await this.answers(
      partition,
      this.commands.repeatable((client) => client.taskAddLocked(call)),
    );
    return tasks.map((_, row) => {
      const [answer, other = ''] = answers.slice(2 * row, 2 * row + 2);
      if (answer === 0) return { heldBy: String(other) };
      if (answer === 4) return { replaced: String(other) };
      return answer === 2 ? 'full' : answer === 3 ? 'refused' : 'created';
    });
  }

  private async add(
    partition: Partition,
    tasks: readonly NewTask[],
    adding: Promise<readonly number[]>,
  ): Promise<Enqueued[]> {
    const answers = await this.answers(partition, adding);
    return answers.map((answer, row) => {
      if (answer === 2) return 'full';
      if (answer === 3) return 'refused';
      // A generated id can only be known already because an earlier try of this very call arrived.
      return answer === 1 || tasks[row]?.token === '' ? 'created' : 'known';
    });
  }

  /** @throws LayoutMismatchError */
  private async answers<T extends number | string>(
    partition: Partition,
    adding: Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    const answers = await this.health.adding(adding);
    const [first, version = 0] = answers;
    if (first === -1) throw new LayoutMismatchError(partition, Number(version), LAYOUT_VERSION);
    return answers;
  }
}

/** As `add-locked.script` reads it. */
function pushLocked(call: Arguments, { id, name, envelope, due, expiresInMs, lock }: NewTask): void {
  if (!lock) throw new Error(`Task ${id} has no lock`);
  call.push(id, name, envelope, due ? dueArgument(due) : '', expiresInMs ?? '', lock.key);
  if ('until' in lock) call.push(lock.until, '', '');
  else call.push('debounce', Math.min(lock.maxWaitMs, Number.MAX_SAFE_INTEGER), lock.waitsForRun ? 1 : 0);
}

/** As `schedule.script` reads it. */
export function dueArgument(due: Due = { inMs: 0 }): string | number {
  return 'inMs' in due ? `+${due.inMs}` : due.atMs;
}

function boundOf(maxLength: number): number {
  return Number.isFinite(maxLength) ? maxLength : 0;
}

/** How many of them expire, and which and when. */
function pushExpiring(call: Arguments, tasks: readonly NewTask[]): void {
  const count = call.push(0) - 1;
  tasks.forEach(({ expiresInMs }, row) => {
    if (expiresInMs !== undefined) call.push(row + 1, expiresInMs);
  });
  call[count] = (call.length - count - 1) / 2;
}

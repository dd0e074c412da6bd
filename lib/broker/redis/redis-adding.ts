import { LayoutMismatchError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import type { Due, Enqueued, EnqueueOptions, NewTask, ScheduleOptions } from '../task-broker.js';
import type { RedisConnection } from './redis-connection.js';
import { LAYOUT_VERSION, type RedisKeys } from './redis-keys.js';
import type { RedisWatch } from './redis-watch.js';

type Arguments = (string | number)[];

/** How tasks come into Redis: into the queue, or to where they wait for their time. */
export class RedisAdding {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly health: RedisWatch,
  ) {}

  async enqueue(
    partition: Partition,
    tasks: readonly NewTask[],
    { maxLength = Infinity, withStatus = true, inLanes = false }: EnqueueOptions,
  ): Promise<Enqueued[]> {
    const call: Arguments = [...this.keys.scripts(partition), LAYOUT_VERSION, boundOf(maxLength)];
    call.push(withStatus ? 1 : 0, inLanes ? 1 : 0);
    pushExpiring(call, tasks);
    for (const { id, name, token, envelope } of tasks) call.push(id, name, token, envelope);
    return this.add(
      partition,
      tasks,
      this.commands.repeatable((client) => client.taskEnqueue(call)),
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

  private async add(
    partition: Partition,
    tasks: readonly NewTask[],
    adding: Promise<readonly number[]>,
  ): Promise<Enqueued[]> {
    const answers = await this.health.adding(adding);
    const [first, version = 0] = answers;
    if (first === -1) throw new LayoutMismatchError(partition, version, LAYOUT_VERSION);
    return answers.map((answer, row) => {
      if (answer === 2) return 'full';
      if (answer === 3) return 'refused';
      // A generated id can only be known already because an earlier try of this very call arrived.
      return answer === 1 || tasks[row]?.token === '' ? 'created' : 'known';
    });
  }
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

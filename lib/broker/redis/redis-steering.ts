import { randomUUID } from 'node:crypto';
import type { Partition } from '../partition.js';
import type { QueueSteering } from '../queue-steering.js';
import type { Due } from '../task-broker.js';
import type { TaskState } from '../task-state.js';
import type { DeadLetter, GroupLimits, TaskSteering } from '../task-steering.js';
import { readDeadLetters } from './dead-letters.js';
import { dueArgument, REMEMBERED_FOR } from './redis-adding.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';

/** Each call may be sent again: tokens tell an earlier try from others. */
export class RedisSteering implements TaskSteering {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly queues: Pick<QueueSteering, 'lists'>,
    /** After which a call is not sent again. */
    private readonly commandTimeoutMs: number,
  ) {}

  async cancel(partition: Partition, id: string, reason: string, ttlMs: number): Promise<TaskState | null> {
    const call = [...this.keys.scripts(partition), id, reason, ttlMs, randomUUID()];
    return this.commands.repeatable((client) => client.taskCancel(call));
  }

  async reschedule(partition: Partition, id: string, due: Due): Promise<boolean> {
    const call = [...this.keys.scripts(partition), id, dueArgument(due), randomUUID()];
    return (await this.commands.repeatable((client) => client.taskReschedule(call))) === 1;
  }

  async reprioritize(partition: Partition, id: string, priority: number): Promise<boolean> {
    let passed = 0;
    while (passed >= 0) {
      const call = [...this.keys.scripts(partition), id, priority, passed];
      passed = await this.commands.repeatable((client) => client.taskReprioritize(call));
    }
    return passed === -1;
  }

  async setGroup(partition: Partition, group: string, { weight, concurrency, rate }: GroupLimits): Promise<void> {
    const bounds = [weight ?? '', concurrency ?? '', rate?.max ?? '', rate?.perMs ?? ''];
    const call = [...this.keys.scripts(partition), group, ...bounds];
    await this.commands.repeatable((client) => client.taskSetGroup(call));
  }

  async deadLetters(
    partition: Partition,
    after: Pick<DeadLetter, 'id' | 'diedAt'> | null,
    count: number,
  ): Promise<DeadLetter[]> {
    return this.commands.repeatable((client) => readDeadLetters(client, this.keys, { partition, after, count }));
  }

  async lastDeath(partition: Partition): Promise<number | null> {
    const last = await this.commands.repeatable((client) =>
      client.zrange(this.keys.dead(partition), '-1', '-1', 'WITHSCORES'),
    );
    return last[1] === undefined ? null : Number(last[1]);
  }

  async revive(partition: Partition, ids: readonly string[]): Promise<string[]> {
    const call = [...this.keys.scripts(partition), randomUUID(), ...new Set(ids)];
    return this.commands.repeatable((client) => client.taskRevive(call));
  }

  async discard(partition: Partition, id: string): Promise<boolean> {
    const call = [...this.keys.scripts(partition), id];
    return (await this.commands.repeatable((client) => client.taskDiscard(call))) === 1;
  }

  async remove(partition: Partition, id: string, isThorough: boolean): Promise<boolean> {
    const answer = await this.removeFrom(partition, id, '', false);
    if (answer !== 'unknown' || !isThorough) return answer === true;
    for (const list of await this.queues.lists(partition)) {
      if ((await this.removeFrom(partition, id, list, true)) === true) return true;
    }
    return false;
  }

  /** @returns `unknown` if only a search through all lists can tell */
  private async removeFrom(
    partition: Partition,
    id: string,
    list: string,
    isOnlyThere: boolean,
  ): Promise<boolean | 'unknown'> {
    const memoryMs = REMEMBERED_FOR * this.commandTimeoutMs;
    let place: [list: string, passed: number] = [list, 0];
    for (;;) {
      const call = [...this.keys.scripts(partition), id, randomUUID(), memoryMs, ...place, isOnlyThere ? 1 : 0];
      const [code, next = '', passed = 0] = await this.commands.repeatable((client) => client.taskRemove(call));
      if (code !== 2) return code === 3 ? 'unknown' : code === 1;
      place = [next, passed];
    }
  }
}

import { LayoutMismatchError } from '../../errors/index.js';
import type { Partition } from '../partition.js';
import {
  type BeatReply,
  type ExchangeReply,
  type ExchangeRequest,
  MAX_SLEEP_MS,
  type NewTask,
  type Recovery,
  type StatusRecord,
  TaskBroker,
} from '../task-broker.js';
import { flattenOutcomes } from './outcome-arguments.js';
import { RedisBells } from './redis-bells.js';
import { RedisConnection } from './redis-connection.js';
import { RedisKeys } from './redis-keys.js';
import { redisScripts } from './redis-scripts.js';
import type { RedisSource } from './redis-source.js';
import { readStatus, STATUS_FIELDS } from './status-record.js';

export interface RedisBrokerOptions {
  redis: RedisSource;
  prefix: string;
  commandTimeoutMs: number;
}

const LAYOUT_VERSION = 1;
/** A claim stops when it exceeds this, whatever the number of tasks wanted. */
const CLAIM_BYTES = 1024 * 1024;

/**
 * Keeps tasks in Redis, in the layout that the README shows. Holds one connection, and a second one once it sleeps;
 * `CLIENT LIST` shows them as `<prefix>task_queue:commands` and `<prefix>task_queue:bells`.
 */
export class RedisBroker extends TaskBroker {
  private readonly keys: RedisKeys;
  private readonly commands: RedisConnection;
  private readonly blocking: RedisConnection;
  private readonly bells: RedisBells;

  constructor({ redis, prefix, commandTimeoutMs }: RedisBrokerOptions) {
    super();
    this.keys = new RedisKeys(prefix);
    this.commands = new RedisConnection(redis, commandTimeoutMs, commandTimeoutMs, {
      scripts: redisScripts,
      connectionName: `${prefix}task_queue:commands`,
    });
    this.blocking = new RedisConnection(redis, commandTimeoutMs, MAX_SLEEP_MS + commandTimeoutMs, {
      connectionName: `${prefix}task_queue:bells`,
    });
    this.bells = new RedisBells(this.keys, this.blocking, this.commands);
  }

  async enqueue(partition: Partition, tasks: readonly NewTask[]): Promise<boolean[]> {
    const call: (string | number)[] = [...this.keys.scripts(partition), LAYOUT_VERSION];
    for (const { id, name, token, envelope } of tasks) call.push(id, name, token, envelope);
    const answers = await this.commands.repeatable((client) => client.taskEnqueue(call));
    const [first, version = 0] = answers;
    if (first === -1) throw new LayoutMismatchError(partition, version, LAYOUT_VERSION);
    // A generated id can only be known already because an earlier try of this very call arrived.
    return answers.map((created, row) => created === 1 || tasks[row]?.token === '');
  }

  async exchange(partition: Partition, request: ExchangeRequest): Promise<ExchangeReply | null> {
    const { worker, leaseMs, deadLetterTtlMs, want, marks, outcomes } = request;
    const keys = this.keys.scripts(partition);
    const call = [...keys, worker, leaseMs, deadLetterTtlMs, want, CLAIM_BYTES, marks ? 1 : 0];
    flattenOutcomes(outcomes, call);
    const answer = await this.commands.once((client) => client.taskExchange(call));
    if (answer[0] === 0) return null;
    const [, claimed, refused, malformed, more, nextDueMs, expired] = answer;
    return {
      claimed,
      refused,
      malformed,
      more: more === 1,
      nextDueMs: nextDueMs < 0 ? null : nextDueMs,
      expired: expired === 1,
    };
  }

  async join(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null> {
    return this.renew(partition, worker, leaseMs, 1);
  }

  async beat(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null> {
    return this.renew(partition, worker, leaseMs, 0);
  }

  async held(partition: Partition, worker: string): Promise<string[]> {
    return this.commands.repeatable((client) => client.hkeys(this.keys.active(partition, worker)));
  }

  async heldTasks(partition: Partition, worker: string, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const key = this.keys.active(partition, worker);
    const envelopes = await this.commands.repeatable((client) => client.hmget(key, ...ids));
    return envelopes.filter((envelope) => envelope !== null);
  }

  async recover(partition: Partition, maxLost: number, deadLetterTtlMs: number): Promise<Recovery | null> {
    const call = [...this.keys.scripts(partition), maxLost, deadLetterTtlMs];
    const answer = await this.commands.repeatable((client) => client.taskRecover(call));
    if (answer.length === 0) return null;
    const [worker, returned, buried, more] = answer;
    return { worker, returned, buried, more: more === 1 };
  }

  async leave(partition: Partition, worker: string): Promise<void> {
    await this.commands.repeatable((client) => client.taskLeave([...this.keys.scripts(partition), worker]));
  }

  async sleep(partitions: readonly Partition[], timeoutMs: number): Promise<Partition | null> {
    return this.bells.sleep(partitions, timeoutMs);
  }

  wake(): void {
    this.bells.wake();
  }

  async ringAgain(partition: Partition): Promise<void> {
    await this.commands.repeatable((client) => client.taskRingAgain([...this.keys.scripts(partition)]));
  }

  async statuses(partition: Partition, ids: readonly string[]): Promise<(StatusRecord | null)[]> {
    const replies = await this.commands.repeatable((client) =>
      Promise.all(ids.map((id) => client.hmget(this.keys.status(partition, id), ...STATUS_FIELDS))),
    );
    return replies.map(readStatus);
  }

  async close(): Promise<void> {
    this.blocking.close();
    this.commands.close();
  }

  private async renew(partition: Partition, worker: string, leaseMs: number, joins: 0 | 1): Promise<BeatReply | null> {
    const call = [...this.keys.scripts(partition), worker, leaseMs, joins, LAYOUT_VERSION];
    const [alive, held, expired, layout] = await this.commands.repeatable((client) => client.taskBeat(call));
    if (layout !== LAYOUT_VERSION) throw new LayoutMismatchError(partition, layout, LAYOUT_VERSION);
    return alive === 1 ? { held, expired: expired === 1 } : null;
  }
}

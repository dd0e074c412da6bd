import { LayoutMismatchError, RedisRefusedError } from '../../errors/index.js';
import type { BrokerObserver, ServerFacts } from '../broker-observer.js';
import type { LeaseKeeper, LeaseKeeperOptions } from '../lease-keeper.js';
import type { LogLine } from '../log-line.js';
import type { Partition } from '../partition.js';
import type { StatusListener, StatusWatch } from '../status-watch.js';
import type { ExchangeReply, ExchangeRequest, Retention } from '../exchange.js';
import {
  type BeatReply,
  type Enqueued,
  type EnqueueOptions,
  MAX_SLEEP_MS,
  type NewTask,
  type Recovery,
  type Ring,
  type ScheduleOptions,
  type SleepRequest,
  type StatusRecord,
  TaskBroker,
  type WorkerPlace,
} from '../task-broker.js';
import { readLine } from './log-record.js';
import { flattenOutcomes, pushAwaited } from './outcome-arguments.js';
import { RedisAdding } from './redis-adding.js';
import { RedisBells } from './redis-bells.js';
import { type ConnectionListener, RedisConnection } from './redis-connection.js';
import { LAYOUT_VERSION, RedisKeys } from './redis-keys.js';
import { RedisLeaseKeeper } from './redis-lease-keeper.js';
import { RedisQueueSteering } from './redis-queue-steering.js';
import { RedisPlain } from './redis-plain.js';
import { RedisListing } from './redis-listing.js';
import { RedisReadings } from './redis-readings.js';
import { RedisReports } from './redis-reports.js';
import { RedisRepair } from './redis-repair.js';
import { RedisSchedules } from './redis-schedules.js';
import { redisScripts } from './redis-scripts.js';
import { RedisStatusWatch } from './redis-status-watch.js';
import { RedisSteering } from './redis-steering.js';
import type { RedisSource } from './redis-source.js';
import { RedisWatch } from './redis-watch.js';
import { readServerFacts } from './server-facts.js';
import { readStatus } from './status-record.js';

export interface RedisBrokerOptions {
  redis: RedisSource;
  prefix: string;
  commandTimeoutMs: number;
  /** What the name of the connection for commands ends with. @default 'commands' */
  connection?: string;
}

/** A claim stops when it exceeds this, whatever the number of tasks wanted. */
const CLAIM_BYTES = 1024 * 1024;

/**
 * Keeps tasks in Redis, in the layout that docs/redis.md shows. Holds one connection, and a second one once it sleeps;
 * `CLIENT LIST` shows them as `<prefix>task_queue:commands` and `<prefix>task_queue:bells`, and one for each plain list as
 * `<prefix>task_queue:plain`.
 */
export class RedisBroker extends TaskBroker {
  readonly schedules: RedisSchedules;
  readonly steering: RedisSteering;
  readonly queues: RedisQueueSteering;
  readonly readings: RedisReadings;
  readonly reports: RedisReports;
  readonly listing: RedisListing;
  readonly repairs: RedisRepair;
  readonly plain: RedisPlain;
  private readonly keys: RedisKeys;
  private readonly commands: RedisConnection;
  private readonly blocking: RedisConnection;
  private readonly bells: RedisBells;
  private readonly health: RedisWatch;
  private readonly adding: RedisAdding;
  private statusWatch: RedisStatusWatch | undefined;

  constructor(private readonly options: RedisBrokerOptions) {
    super();
    const { redis, prefix, commandTimeoutMs, connection = 'commands' } = options;
    this.keys = new RedisKeys(prefix);
    this.health = new RedisWatch(
      (client) => client.del(this.keys.nothing),
      // All lead to the same server: where one broke, the others may be silent, too.
      () => {
        this.blocking.renew();
        this.plain.renew();
        this.statusWatch?.renew();
      },
    );
    const settings = { scripts: redisScripts, connectionName: `${prefix}task_queue:${connection}` };
    this.commands = new RedisConnection(redis, commandTimeoutMs, commandTimeoutMs, settings, this.health);
    const connectToBlock = (name: string): RedisConnection =>
      new RedisConnection(redis, commandTimeoutMs, MAX_SLEEP_MS + commandTimeoutMs, {
        connectionName: `${prefix}task_queue:${name}`,
      });
    this.blocking = connectToBlock('bells');
    this.bells = new RedisBells(this.keys, this.blocking, this.commands);
    this.adding = new RedisAdding(this.keys, this.commands, this.health, commandTimeoutMs);
    this.reports = new RedisReports(this.keys, this.commands);
    this.queues = new RedisQueueSteering(this.keys, this.commands, this.reports);
    this.steering = new RedisSteering(this.keys, this.commands, this.queues, commandTimeoutMs);
    this.readings = new RedisReadings(this.keys, this.commands);
    this.listing = new RedisListing(this.keys, this.commands);
    this.repairs = new RedisRepair(this.keys, this.commands);
    this.plain = new RedisPlain(this.keys, this.commands, this.health, () => connectToBlock('plain'));
    this.schedules = new RedisSchedules(this.keys, this.commands, this.health);
  }

  watch(observer: BrokerObserver): void {
    this.health.start(observer);
  }

  async describe(): Promise<ServerFacts | null> {
    // Several sections in one INFO are understood from Redis 7 on.
    const ask = (section: string): Promise<string> => this.commands.repeatable((client) => client.info(section));
    try {
      return readServerFacts((await Promise.all(['server', 'memory', 'persistence'].map(ask))).join('\n'));
    } catch (error) {
      if (error instanceof RedisRefusedError) return null;
      throw error;
    }
  }

  async enqueue(partition: Partition, tasks: readonly NewTask[], options: EnqueueOptions = {}): Promise<Enqueued[]> {
    return this.adding.enqueue(partition, tasks, options);
  }

  async schedule(partition: Partition, tasks: readonly NewTask[], options: ScheduleOptions = {}): Promise<Enqueued[]> {
    return this.adding.schedule(partition, tasks, options);
  }

  async addLocked(partition: Partition, tasks: readonly NewTask[], options: ScheduleOptions = {}): Promise<Enqueued[]> {
    return this.adding.addLocked(partition, tasks, options);
  }

  async exchange(partition: Partition, request: ExchangeRequest): Promise<ExchangeReply | null> {
    const {
      worker,
      leaseMs,
      restMs,
      retention,
      want,
      free,
      marks,
      probes,
      maxLost,
      agingMs,
      groupConcurrency,
      limits,
      outcomes,
    } = request;
    const call = [...this.keys.scripts(partition), worker, leaseMs, restMs, ...toArguments(retention)];
    call.push(want, free, CLAIM_BYTES, marks ? 1 : 0, probes ? 1 : 0, maxLost, agingMs, groupConcurrency);
    call.push(limits ? JSON.stringify(limits) : '');
    pushAwaited(outcomes, call);
    flattenOutcomes(outcomes, call);
    const answer = await this.commands.once((client) => client.taskExchange(call));
    if (answer[0] === 0) return null;
    const [, claimed, refused, malformed, more, nextDueMs, rest, expired, nowMs, heldUp, calledOff = []] = answer;
    return {
      claimed,
      refused,
      malformed,
      cancelled: calledOff,
      more: more === 1,
      nextDueMs: nextDueMs < 0 ? null : nextDueMs,
      isHeldUp: heldUp === 1,
      rests: rest === 1,
      holdsUnknown: rest === 2,
      expired: expired === 1,
      nowMs,
    };
  }

  async join(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null> {
    return this.renew(partition, worker, leaseMs, 1);
  }

  async beat(partition: Partition, worker: string, leaseMs: number): Promise<BeatReply | null> {
    return this.renew(partition, worker, leaseMs, 0);
  }

  keepLeases(options: LeaseKeeperOptions): LeaseKeeper {
    return new RedisLeaseKeeper(this.options, options);
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

  async recover(partition: Partition, maxLost: number, retention: Retention): Promise<Recovery | null> {
    const call = [...this.keys.scripts(partition), maxLost, ...toArguments(retention)];
    const answer = await this.commands.repeatable((client) => client.taskRecover(call));
    if (answer.length === 0) return null;
    const [worker, returned, buried, more] = answer;
    return { worker, returned, buried, more: more === 1 };
  }

  async leave(partition: Partition, worker: string): Promise<void> {
    await this.commands.repeatable((client) => client.taskLeave([...this.keys.scripts(partition), worker]));
  }

  async sleep(request: SleepRequest): Promise<Ring | null> {
    return this.bells.sleep(request);
  }

  wake(): void {
    this.bells.wake();
  }

  async peek(workers: readonly WorkerPlace[]): Promise<Partition[]> {
    const keys = workers.map(({ partition, worker }) => [
      ...this.keys.waiting(partition),
      this.keys.active(partition, worker),
    ]);
    const count = async (of: readonly string[]): Promise<number> =>
      this.commands.repeatable((client) => client.exists(...of));
    if ((await count(keys.flat())) === 0) return [];
    const counts = await Promise.all(keys.map(count));
    return workers.filter((_, row) => counts[row] !== 0).map(({ partition }) => partition);
  }

  async ringAgain(partition: Partition, isForRoom = false): Promise<void> {
    const call = [...this.keys.scripts(partition), isForRoom ? 1 : 0];
    await this.commands.repeatable((client) => client.taskRingAgain(call));
  }

  async statuses(partition: Partition, ids: readonly string[]): Promise<(StatusRecord | null)[]> {
    const replies = await this.commands.repeatable((client) =>
      Promise.all(ids.map((id) => client.hgetall(this.keys.status(partition, id)))),
    );
    return replies.map(readStatus);
  }

  async logs(partition: Partition, id: string, offset: number, limit: number): Promise<LogLine[]> {
    const key = this.keys.log(partition, id);
    const lines = await this.commands.repeatable((client) => client.lrange(key, offset, offset + limit - 1));
    return lines.map(readLine);
  }

  watchStatuses(listener: StatusListener): StatusWatch {
    const { redis, prefix, commandTimeoutMs } = this.options;
    const connectionName = `${prefix}task_queue:watch`;
    const options = { connectionName, autoResubscribe: false };
    const connect = (told: ConnectionListener): RedisConnection =>
      new RedisConnection(redis, commandTimeoutMs, commandTimeoutMs, options, told);
    this.statusWatch = new RedisStatusWatch(this.keys, this.commands, listener, connect);
    return this.statusWatch;
  }

  async probe(): Promise<void> {
    try {
      // Needs memory, and a master: for a key that is never there it changes nothing.
      await this.commands.repeatable((client) => client.set(this.keys.nothing, '', 'XX'));
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
  }

  async close(): Promise<void> {
    this.health.stop();
    this.plain.close();
    this.blocking.close();
    this.commands.close();
  }

  private async renew(partition: Partition, worker: string, leaseMs: number, joins: 0 | 1): Promise<BeatReply | null> {
    const call = [...this.keys.scripts(partition), worker, leaseMs, joins, LAYOUT_VERSION];
    const [alive, held, expired, layout, cancelled, scheduleRevision] = await this.commands.repeatable((client) =>
      client.taskBeat(call),
    );
    if (layout !== LAYOUT_VERSION) throw new LayoutMismatchError(partition, layout, LAYOUT_VERSION);
    return alive === 1 ? { held, expired: expired === 1, cancelled, scheduleRevision } : null;
  }
}

/** This user may not do that: so it was answered, which is all that can be found out. */
function isForbidden(error: unknown): boolean {
  return error instanceof RedisRefusedError && error.cause instanceof Error && error.cause.message.startsWith('NOPERM');
}

function toArguments({
  deadLetterTtlMs,
  cancelledTtlMs,
}: Retention): [deadLetterTtlMs: number, cancelledTtlMs: number] {
  return [deadLetterTtlMs, cancelledTtlMs];
}

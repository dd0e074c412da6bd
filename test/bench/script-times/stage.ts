import type { Redis } from 'ioredis';
import type { ClaimLimits } from '../../../lib/broker/claim-limits.js';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { LOCKED_SUFFIX } from '../../../lib/broker/lock.js';
import type { NewTask } from '../../../lib/broker/task-broker.js';
import type { Outcome, Retention } from '../../../lib/broker/exchange.js';
import { type Partition, partitionOf } from '../../../lib/broker/partition.js';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { RedisKeys } from '../../../lib/broker/redis/redis-keys.js';
import { TASK_NAME, taskData } from '../task-data.js';

const BACKGROUND = 50_000;
const PAGE = 50;
const LEASE_MS = 3_600_000;
export const ERROR = JSON.stringify({
  name: 'SmtpError',
  message: 'No answer',
  stack: 'at send (mail.js) '.repeat(20),
});
export const RETENTION: Retention = { deadLetterTtlMs: 3_600_000, cancelledTtlMs: 3_600_000 };

export interface ExchangeSettings {
  worker: string;
  want?: number;
  outcomes?: readonly Outcome[];
  limits?: ClaimLimits | undefined;
}

/** One queue of its own, and ways to bring tasks into every state that a script may find them in. */
export class Stage {
  readonly partition: Partition;
  readonly keys = new RedisKeys('');
  readonly retention = RETENTION;
  private taskCount = 0;

  constructor(
    readonly broker: RedisBroker,
    readonly redis: Redis,
    queue: string,
  ) {
    this.partition = partitionOf(queue);
  }

  key(name: string): string {
    return `task_${name}:{${this.partition}}`;
  }

  statusKey(id: string): string {
    return this.keys.status(this.partition, id);
  }

  /** Ids that nobody has used yet, as long as a ULID. */
  newIds(count: number): string[] {
    return Array.from({ length: count }, () => `${++this.taskCount}`.padStart(26, '0'));
  }

  envelope(id: string): string {
    return encodeEnvelope(id, TASK_NAME, JSON.stringify(taskData(parseInt(id, 10))));
  }

  /** Tasks that wait, each with a key of its own. */
  async waitWithKeys(count: number): Promise<string[]> {
    const ids = this.newIds(count).map((id) => id + LOCKED_SUFFIX);
    for (const page of pages(ids)) {
      const tasks = page.map((id): NewTask => {
        const lock = { key: `unique:${TASK_NAME}\n${id}`, until: 'finished' as const };
        return { id, name: TASK_NAME, token: '', envelope: this.envelope(id), priority: 0, lock };
      });
      await this.broker.addLocked(this.partition, tasks);
    }
    return ids;
  }

  /** Tasks that wait. Those that were tried have two attempts behind them, with an error each. */
  async wait(count: number, { wereTried = false } = {}): Promise<string[]> {
    const ids = this.newIds(count);
    for (const page of pages(ids)) {
      const pipeline = this.redis.pipeline();
      for (const id of page) {
        const envelope = this.envelope(id);
        const fields = { state: 'waiting', name: TASK_NAME, created: String(Date.now()) };
        const tried = { attempt: '2', started: String(Date.now()), error: ERROR, 'error:1': ERROR };
        pipeline.hset(this.statusKey(id), wereTried ? { ...fields, ...tried } : fields);
        pipeline.lpush(
          this.key('queue'),
          wereTried ? envelope.replace('"attempt":0', `"attempt":2,"first":${Date.now()}`) : envelope,
        );
      }
      await pipeline.exec();
    }
    return ids;
  }

  /** Tasks that this worker holds, marked as active. Nothing else may wait in the queue. */
  async hold(
    worker: string,
    count: number,
    options: { wereTried?: boolean; haveKeys?: boolean } = {},
  ): Promise<string[]> {
    await this.broker.join(this.partition, worker, LEASE_MS);
    const ids = await (options.haveKeys ? this.waitWithKeys(count) : this.wait(count, options));
    let held = 0;
    while (held < count) {
      const reply = await this.exchange({ worker, want: Math.min(PAGE, count - held) });
      held += reply?.claimed.length ?? 0;
    }
    return ids;
  }

  /** Tasks whose time has come. */
  async due(count: number): Promise<string[]> {
    return this.retire(
      count,
      (id) => ({ kind: 'retrying', id, error: ERROR, ranMs: 5, delayMs: LEASE_MS }),
      'scheduled',
    );
  }

  /** Dead letters. */
  async bury(count: number): Promise<string[]> {
    return this.retire(count, (id) => ({ kind: 'failed', id, error: ERROR, ranMs: 5, ttlMs: LEASE_MS }));
  }

  async exchange({ worker, want = 0, outcomes = [], limits }: ExchangeSettings): ReturnType<RedisBroker['exchange']> {
    const { partition, retention } = this;
    const request = {
      worker,
      leaseMs: LEASE_MS,
      restMs: 0,
      retention,
      outcomes,
      want,
      free: want,
      marks: true,
      probes: true,
      maxLost: 2,
      limits,
      agingMs: 0,
      groupConcurrency: 0,
    };
    return this.broker.exchange(partition, request);
  }

  private async retire(count: number, outcomeOf: (id: string) => Outcome, dueIn?: string): Promise<string[]> {
    const ids = await this.hold('setter', count, { wereTried: true });
    for (const page of pages(ids)) await this.exchange({ worker: 'setter', outcomes: page.map(outcomeOf) });
    if (dueIn) for (const page of pages(ids)) await this.redis.zadd(this.key(dueIn), ...page.flatMap((id) => [1, id]));
    return ids;
  }
}

/** Statuses of another queue that completed long ago: no cache of the processor holds all that Redis has. */
export async function fillBackground(redis: Redis): Promise<void> {
  const keys = new RedisKeys('');
  for (let first = 0; first < BACKGROUND; first += PAGE) {
    const pipeline = redis.pipeline();
    for (let n = first; n < first + PAGE; n++) {
      const key = keys.status(partitionOf('background'), String(n).padStart(26, '0'));
      pipeline.hset(key, { state: 'completed', name: TASK_NAME, created: '1', finished: '2', result: '{"n":1}' });
      pipeline.pexpire(key, LEASE_MS);
    }
    await pipeline.exec();
  }
}

export function* pages<T>(all: readonly T[]): Generator<T[]> {
  for (let first = 0; first < all.length; first += PAGE) yield all.slice(first, first + PAGE);
}

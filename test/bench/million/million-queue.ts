import type { Redis } from 'ioredis';
import { monotonicFactory } from 'ulid';
import type { NewTask } from '../../../lib/broker/task-broker.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisKeys } from '../../../lib/broker/redis/redis-keys.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { TaskQueueAdmin, TaskState } from '../../../lib/index.js';
import { ManualWorker, newTask } from '../../support/manual-worker.js';
import { Traffic } from './traffic.js';

export const QUEUE = 'million';
const BULK = 500;
const ulid = monotonicFactory();
const HOUR = 3_600_000;
const ERROR = JSON.stringify({ name: 'SmtpError', message: 'No answer' });

/** Of a hundred tasks so many are … */
const SHARES = { plain: 55, priority: 15, group: 10, scheduled: 10, retrying: 5, failed: 5 } as const;

/** A queue with tasks in every place, on which a worker and a producer are at it. */
export class MillionQueue {
  readonly partition = partitionOf(QUEUE);
  /** The ids that were there in the beginning, by state. */
  readonly ids: Record<'waiting' | 'active' | 'scheduled' | 'retrying' | 'failed', string[]> = {
    waiting: [],
    active: [],
    scheduled: [],
    retrying: [],
    failed: [],
  };
  readonly traffic: Traffic;
  private readonly keys = new RedisKeys('');

  constructor(
    readonly broker: RedisBroker,
    readonly admin: TaskQueueAdmin,
    private readonly redis: Redis,
    others: RedisBroker,
  ) {
    this.traffic = new Traffic(others, this.partition);
  }

  async fill(count: number): Promise<void> {
    for (const [kind, share] of Object.entries(SHARES)) {
      for (let left = (count * share) / 100; left > 0; left -= BULK) {
        await this.add(kind as keyof typeof SHARES, Math.min(BULK, left), left / BULK);
      }
    }
    const holder = await new ManualWorker(this.broker, this.partition, 'holder', { leaseMs: HOUR }).join();
    this.ids.active.push(...(await holder.claim(500)));
    const held = new Set(this.ids.active);
    this.ids.waiting = this.ids.waiting.filter((id) => !held.has(id));
  }

  /** Those that were in that state since the beginning, and still are. */
  standing(state: TaskState): string[] {
    const ids = this.ids[state as keyof typeof this.ids] ?? [];
    return state === 'waiting' ? ids.filter((id) => !this.traffic.claimed.has(id)) : ids;
  }

  private async add(kind: keyof typeof SHARES, count: number, turn: number): Promise<void> {
    const ids = Array.from({ length: count }, () => ulid());
    this.ids[kind === 'plain' || kind === 'priority' || kind === 'group' ? 'waiting' : kind].push(...ids);
    switch (kind) {
      case 'plain':
        return void (await this.broker.enqueue(
          this.partition,
          ids.map((id) => task(id)),
        ));
      case 'priority': {
        const tasks = ids.map((id) => task(id, { priority: (Math.floor(turn) % 7) - 3 }));
        return void (await this.broker.enqueue(this.partition, tasks, { inLanes: true }));
      }
      case 'group': {
        const tasks = ids.map((id, row) => task(id, { group: `customer-${row % 200}` }));
        return void (await this.broker.enqueue(this.partition, tasks, { inLanes: true }));
      }
      case 'scheduled': {
        const tasks = ids.map((id) => ({ ...task(id), due: { inMs: HOUR + turn * 1_000 } }));
        return void (await this.broker.schedule(this.partition, tasks));
      }
      default:
        await this.park(ids, kind);
    }
  }

  /** As they stand that have failed: to run them all would take long. */
  private async park(ids: readonly string[], state: 'retrying' | 'failed'): Promise<void> {
    const now = Date.now();
    const pipeline = this.redis.pipeline();
    const index = state === 'failed' ? this.keys.dead(this.partition) : this.keys.scheduled(this.partition);
    for (const id of ids) {
      const envelope = task(id).envelope.replace('"attempt":0', '"attempt":1');
      const time = state === 'failed' ? { finished: now } : { due: now + HOUR };
      pipeline.hset(this.keys.parked(this.partition), id, envelope);
      if (state === 'retrying') pipeline.sadd(`${index}:retrying`, id);
      pipeline.zadd(index, state === 'failed' ? now : now + HOUR, id);
      pipeline.hset(this.keys.status(this.partition, id), { state, name: 'task', created: now, error: ERROR, ...time });
    }
    await pipeline.exec();
  }
}

function task(id: string, place: { priority?: number; group?: string } = {}): NewTask {
  return newTask(id, { ...place, data: JSON.stringify({ of: id }) });
}

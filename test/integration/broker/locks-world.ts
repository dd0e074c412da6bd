import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisKeys } from '../../../lib/broker/redis/redis-keys.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { Enqueued, NewTask } from '../../../lib/broker/task-broker.js';
import { completed, ManualWorker, RETENTION } from '../../support/broker-fixture.js';
import { debounced, idOf, unique } from '../../support/locked-tasks.js';

const SPAN_MS = 3_600_000;
const MAX_LOST = 1_000;
const q = partitionOf('q');

export const KINDS = ['finished', 'started', 'timed', 'debounced', 'latest'] as const;
type Kind = (typeof KINDS)[number];
export interface Add {
  kind: Kind;
  key: string;
  /** Makes tasks wait in several lists, and no other difference here. */
  priority?: number;
}

/** Where a task of the model stands; one that was taken, and is not held, waits to be taken again. */
interface ModelTask extends Add {
  id: string;
  data: number;
  wasTaken: boolean;
  isHeld: boolean;
  isCalledOff: boolean;
  hasEnded: boolean;
}

export const ENDS = {
  completed: (id) => completed(id),
  dropped: (id) => completed(id, { ttlMs: 0 }),
  failed: (id) => ({ kind: 'failed', id, error: '{}', ranMs: 1, ttlMs: SPAN_MS }),
  cancelled: (id) => ({ kind: 'cancelled', id, reason: 'no', ttlMs: SPAN_MS }),
  retrying: (id) => ({ kind: 'retrying', id, error: '{}', ranMs: 1, delayMs: SPAN_MS }),
  snoozed: (id) => ({ kind: 'snoozed', id, delayMs: SPAN_MS }),
  released: (id) => ({ kind: 'released', id, began: false }),
} satisfies Record<string, (id: string) => Outcome>;
export type End = keyof typeof ENDS;
const GOES_ON: ReadonlySet<End> = new Set(['retrying', 'snoozed', 'released']);

/** What happens to tasks with keys, in Redis and in a model that knows no locks, only what became of each task. */
export class LocksWorld {
  readonly tasks = new Map<string, ModelTask>();
  private readonly timed = new Map<string, string>();
  private readonly keys: RedisKeys;
  private worker!: ManualWorker;
  private added = 0;
  private workers = 0;

  constructor(
    private readonly broker: RedisBroker,
    private readonly redis: Redis,
    prefix: string,
  ) {
    this.keys = new RedisKeys(prefix);
  }

  async begin(): Promise<this> {
    this.worker = await new ManualWorker(this.broker, q, `worker ${this.workers++}`, { leaseMs: SPAN_MS }).join();
    return this;
  }

  get live(): ModelTask[] {
    return [...this.tasks.values()].filter((task) => !task.hasEnded);
  }

  async add(adds: readonly Add[]): Promise<void> {
    const rows = adds.map((add) => ({ ...add, data: this.added, name: `${this.added++}` }));
    const answers = await this.broker.addLocked(q, rows.map(toTask));
    check(
      answers,
      rows.map((row) => this.expected(row)),
    );
  }

  async take(count: number, marks: boolean): Promise<void> {
    const reply = await this.worker.exchange(count, [], { marks, maxLost: MAX_LOST });
    for (const { id, data } of (reply?.claimed ?? []).map(decodeEnvelope)) {
      const task = this.tasks.get(id)!;
      check(task, { isHeld: false, hasEnded: false, data });
      const others = this.live.filter((other) => other !== task && other.wasTaken && sameKey(other, task));
      if (task.kind === 'latest') check(others, []);
      Object.assign(task, { isHeld: true, wasTaken: true });
    }
  }

  async end(at: number, how: End): Promise<void> {
    const task = pick(
      [...this.tasks.values()].filter(({ isHeld }) => isHeld),
      at,
    );
    if (!task) return;
    check(await this.worker.exchange(0, [ENDS[how](task.id)], { maxLost: MAX_LOST }), { refused: [] });
    Object.assign(task, { isHeld: false, hasEnded: task.isCalledOff || !GOES_ON.has(how) });
  }

  async cancel(at: number): Promise<void> {
    const task = pick(this.live, at);
    if (!task) return;
    await this.broker.steering.cancel(q, task.id, 'no', at % 2 === 0 ? 0 : SPAN_MS);
    Object.assign(task, task.isHeld ? { isCalledOff: true } : { hasEnded: true });
    if (!task.isHeld && this.timed.get(task.key) === task.id) this.timed.delete(task.key);
  }

  async die(): Promise<void> {
    await this.redis.zadd(this.keys.scripts(q)[4]!, 1, this.worker.id);
    while (await this.broker.recover(q, MAX_LOST, RETENTION));
    for (const task of this.tasks.values()) {
      if (task.isHeld) Object.assign(task, { isHeld: false, hasEnded: task.isCalledOff });
    }
    await this.begin();
  }

  async timePasses(): Promise<void> {
    const scheduled = await this.redis.zrange(this.keys.scheduled(q), '0', '-1');
    for (const id of scheduled) await this.broker.steering.reschedule(q, id, { inMs: 0 });
    for (const [key, id] of this.timed) await this.redis.hset(this.keys.unique(q), timedLock(key), `1 ${id}`);
    this.timed.clear();
  }

  /** Whatever has happened, all tasks come to their end, and leave no lock behind. */
  async drain(): Promise<void> {
    for (let round = 0; this.live.length > 0; round++) {
      if (round === 100) check(this.live, []);
      await this.timePasses();
      await this.take(50, false);
      while ([...this.tasks.values()].some(({ isHeld }) => isHeld)) await this.end(0, 'completed');
    }
    const left = await this.redis.hkeys(this.keys.unique(q));
    check(
      left.filter((lock) => !lock.startsWith(timedLock(''))),
      [],
    );
  }

  private expected({ kind, key, data, name }: Add & { data: number; name: string }): Enqueued {
    const id = idOf(name);
    const of = this.live.filter((task) => sameKey(task, { kind, key }));
    const pending = of.find((task) => !task.wasTaken);
    const holder = kind === 'timed' ? this.timed.get(key) : (kind === 'finished' ? of[0] : pending)?.id;
    if (holder !== undefined && kind !== 'debounced' && kind !== 'latest') return { heldBy: holder };
    if (pending && kind !== 'timed') {
      pending.data = data;
      return { replaced: pending.id };
    }
    const news = { wasTaken: false, isHeld: false, isCalledOff: false, hasEnded: false };
    this.tasks.set(id, { id, kind, key, data, ...news });
    if (kind === 'timed') this.timed.set(key, id);
    return 'created';
  }
}

function toTask({ kind, key, priority = 0, data, name }: Add & { data: number; name: string }): NewTask {
  const options = { key: `${kind} ${key}`, data, priority };
  if (kind === 'finished' || kind === 'started') return unique(name, kind, options);
  if (kind === 'timed') return unique(name, SPAN_MS, options);
  return debounced(name, SPAN_MS, { ...options, waitsForRun: kind === 'latest' });
}

function check(actual: unknown, expected: object): void {
  expect(actual).toMatchObject(expected);
}

const timedLock = (key: string): string => `unique:task\ntimed ${key}`;
const sameKey = (one: Add, other: Add): boolean => one.kind === other.kind && one.key === other.key;
const pick = <T>(of: readonly T[], at: number): T | undefined => of[at % of.length];

import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { GLOBAL_CONCURRENCY, type Limit, NAME_RATE, QUEUE_RATE, RATED_NAME, RATED_QUEUE } from '../limits.js';
import { type PlannedTask, taskNameOf } from '../tasks.js';

const LOOK_EVERY_MS = 10;

/** A claim: it was made at some time between two looks, by Redis's clock. */
interface Start {
  id: string;
  after: number;
  by: number;
}

/** In one script: when it is, and what workers hold. */
const READ = String.raw`
local held, time = {}, redis.call('TIME')
for _, worker in ipairs(redis.call('ZRANGE', 'task_workers:{' .. ARGV[1] .. '}', 0, -1)) do
  for _, id in ipairs(redis.call('HKEYS', 'task_active:{' .. ARGV[1] .. '}:' .. worker)) do
    held[#held + 1] = cjson.encode({worker, id})
  end
end
return {time[1] * 1000 + math.floor(time[2] / 1000), held}
`;

/**
 * Looks over and over what workers hold of the queue with limits. What is there and was not at the look before was claimed in
 * between, so whatever disturbs this makes it see less, and never more than there was.
 */
export class StartWatch {
  readonly starts: Start[] = [];
  readonly violations: string[] = [];
  /** How many were held at most. */
  mostHeld = 0;
  private held = new Set<string>();
  private lookedAt = 0;

  constructor(private readonly redis: Redis) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.note((await this.redis.eval(READ, 0, RATED_QUEUE)) as [number, string[]]);
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns violations */
  check(plan: readonly PlannedTask[]): string[] {
    const named = new Set(plan.filter(({ kind }) => taskNameOf(kind) === RATED_NAME).map(({ id }) => id));
    return [
      ...this.violations,
      ...beyond(this.starts, QUEUE_RATE, `of queue ${RATED_QUEUE}`),
      ...beyond(
        this.starts.filter(({ id }) => named.has(id)),
        NAME_RATE,
        `of ${RATED_NAME}`,
      ),
    ];
  }

  private note([now, entries]: [number, string[]]): void {
    const held = new Set(entries);
    this.mostHeld = Math.max(this.mostHeld, held.size);
    if (held.size > GLOBAL_CONCURRENCY) this.violations.push(`workers hold ${held.size} tasks of ${RATED_QUEUE}`);
    for (const entry of held) {
      const [, id] = JSON.parse(entry) as [string, string];
      if (!this.held.has(entry)) this.starts.push({ id, after: this.lookedAt, by: now });
    }
    this.held = held;
    this.lookedAt = now;
  }
}

/** Those that were surely claimed within one span. */
export function mostWithin(starts: readonly Start[], perMs: number): number {
  let most = 0;
  let first = 0;
  for (const [row, { by }] of starts.entries()) {
    while (by - (starts[first]?.after ?? by) >= perMs) first++;
    most = Math.max(most, row - first + 1);
  }
  return most;
}

function beyond(starts: readonly Start[], { max, perMs }: Limit, what: string): string[] {
  const most = mostWithin(starts, perMs);
  return most > max ? [`${most} tasks ${what} were started within ${perMs} ms, not ${max}`] : [];
}

import type { Redis } from 'ioredis';
import type { Partition } from '../partition.js';
import type { DeadLetter } from '../task-broker.js';
import type { RedisKeys } from './redis-keys.js';

interface Page {
  partition: Partition;
  /** The last one of the page before. */
  after: Pick<DeadLetter, 'id' | 'diedAt'> | null;
  count: number;
}

/** A page of dead letters, from the oldest on. */
export async function readDeadLetters(
  client: Redis,
  keys: RedisKeys,
  { partition, after, count }: Page,
): Promise<DeadLetter[]> {
  const dead = keys.dead(partition);
  const first = after === null ? 0 : await placeBehind(client, dead, after);
  const idsAndTimes = await client.zrange(dead, String(first), String(first + count - 1), 'WITHSCORES');
  const ids = idsAndTimes.filter((_, i) => i % 2 === 0);
  if (ids.length === 0) return [];
  const [envelopes, ...errors] = await Promise.all([
    client.hmget(keys.parked(partition), ...ids),
    ...ids.map((id) => client.hget(keys.status(partition, id), 'error')),
  ]);
  return ids.map((id, row) => ({
    id,
    diedAt: Number(idsAndTimes[2 * row + 1]),
    envelope: envelopes[row] ?? '',
    error: errors[row] ?? null,
  }));
}

/** If it is gone: where those begin that died in the same millisecond. */
async function placeBehind(client: Redis, dead: string, { id, diedAt }: NonNullable<Page['after']>): Promise<number> {
  const rank = await client.zrank(dead, id);
  return rank === null ? client.zcount(dead, '-inf', `(${diedAt}`) : rank + 1;
}

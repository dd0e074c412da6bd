import type { Redis } from 'ioredis';
import type { Partition } from '../partition.js';
import type { DeadLetter } from '../task-steering.js';
import type { RedisKeys } from './redis-keys.js';

interface Page {
  partition: Partition;
  /** The last one of the page before. */
  after: Pick<DeadLetter, 'id' | 'diedAt'> | null;
  count: number;
}

/** A page of dead letters, from the oldest on. What they carry is left where it is: it may be large. */
export async function readDeadLetters(
  client: Redis,
  keys: RedisKeys,
  { partition, after, count }: Page,
): Promise<DeadLetter[]> {
  const dead = keys.dead(partition);
  const first = after === null ? 0 : await placeBehind(client, dead, after);
  const idsAndTimes = await client.zrange(dead, String(first), String(first + count - 1), 'WITHSCORES');
  const ids = idsAndTimes.filter((_, i) => i % 2 === 0);
  const facts = ids.map(async (id, row): Promise<DeadLetter> => {
    const [bytes, [name = null, error = null]] = await Promise.all([
      client.hstrlen(keys.parked(partition), id),
      client.hmget(keys.status(partition, id), 'name', 'error'),
    ]);
    return { id, diedAt: Number(idsAndTimes[2 * row + 1]), bytes, name, error };
  });
  return Promise.all(facts);
}

/** If it is gone, or has died again: where those begin that died in the same millisecond as it did. */
async function placeBehind(client: Redis, dead: string, { id, diedAt }: NonNullable<Page['after']>): Promise<number> {
  const [score, rank] = await Promise.all([client.zscore(dead, id), client.zrank(dead, id)]);
  if (rank !== null && Number(score) === diedAt) return rank + 1;
  return client.zcount(dead, '-inf', `(${diedAt}`);
}

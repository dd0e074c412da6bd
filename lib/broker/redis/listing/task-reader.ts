import { LOCKED_SUFFIX } from '../../lock.js';
import type { Partition } from '../../partition.js';
import type { StatusRecord } from '../../task-broker.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';
import { readStatus } from '../status-record.js';

/** About how many bytes one command reads, unless a single task is longer. */
export const PAGE_BYTES = 128 * 1024;
/** Of each status what is short; the rest is for whoever looks at one task. */
const FIELDS = 'state name priority group attempt created started finished due reason error'.split(' ');

/** What a status tells of its task. */
export interface Facts {
  status: StatusRecord | null;
  /** See `locking`: the envelope by which that in the queue will be replaced. */
  latest: string | null;
  bytes: number;
}

export interface ReadTask extends Facts {
  id: string;
  envelope: string | null;
}

/** Reads what is known of tasks whose ids are known, in steps that are bounded in bytes as well. */
export class TaskReader {
  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly partition: Partition,
  ) {}

  async facts(ids: readonly (string | null)[]): Promise<Facts[]> {
    return this.commands.repeatable((client) =>
      Promise.all(
        ids.map(async (id) => {
          if (id === null) return { status: null, latest: null, bytes: 0 };
          const fields = id.endsWith(LOCKED_SUFFIX) ? [...FIELDS, 'latest'] : FIELDS;
          const values = await client.hmget(this.keys.status(this.partition, id), ...fields).catch(noneIfNoHash);
          const found = values.flatMap((value, at) => (value === null ? [] : [[fields[at], value] as const]));
          const { latest = null, ...told } = Object.fromEntries(found) as Record<string, string>;
          const bytes = (told['error']?.length ?? 0) + (latest?.length ?? 0);
          return { status: readStatus(told), latest, bytes };
        }),
      ),
    );
  }

  /** @param hash where their envelopes stand */
  async *tasks(hash: string, ids: readonly string[]): AsyncGenerator<ReadTask> {
    let rest = ids;
    while (rest.length > 0) {
      const some = await this.fitting(hash, rest);
      const [envelopes, facts] = await Promise.all([
        this.commands.repeatable((client) => client.hmget(hash, ...some)),
        this.facts(some),
      ]);
      for (const [row, id] of some.entries()) {
        const envelope = envelopes[row] ?? null;
        const { bytes, ...told } = facts[row]!;
        yield { id, envelope, ...told, bytes: bytes + (envelope?.length ?? 0) };
      }
      rest = rest.slice(some.length);
    }
  }

  /** The first of these, as many as one command may read. */
  private async fitting(hash: string, ids: readonly string[]): Promise<readonly string[]> {
    const sizes = await this.commands.repeatable((client) => Promise.all(ids.map((id) => client.hstrlen(hash, id))));
    let bytes = 0;
    const tooMany = sizes.findIndex((size, row) => (bytes += size) > PAGE_BYTES && row > 0);
    return tooMany < 0 ? ids : ids.slice(0, tooMany);
  }
}

/** Somebody may keep something else under the key of a status: that is not ours to judge. */
function noneIfNoHash(error: unknown): null[] {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return [];
  throw error;
}

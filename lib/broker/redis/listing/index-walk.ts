import { InvalidCursorError } from '../../../errors/index.js';
import { readStored } from '../../envelope.js';
import type { Partition } from '../../partition.js';
import { type PlacedTask, placedTask } from '../../placed-task.js';
import type { Walk, WalkStep } from '../../task-listing.js';
import type { RedisConnection } from '../redis-connection.js';
import type { RedisKeys } from '../redis-keys.js';
import { readPosition, writePosition } from './position.js';
import { type ReadTask, TaskReader } from './task-reader.js';

type Index = 'scheduled' | 'dead';

/** Walks through what waits for its time, the next one first, and through the dead letters, the latest one first. */
export class IndexWalk {
  private readonly reader: TaskReader;

  constructor(
    private readonly keys: RedisKeys,
    private readonly commands: RedisConnection,
    private readonly partition: Partition,
  ) {
    this.reader = new TaskReader(keys, commands, partition);
  }

  async *steps({ state, position, count }: Walk): AsyncGenerator<WalkStep> {
    const index = state === 'failed' ? 'dead' : 'scheduled';
    const parked = this.keys.parked(this.partition);
    let [score, last] = position === null ? ['', ''] : readEntry(position);
    for (;;) {
      const page = await this.page(index, score, last, count);
      for await (const read of this.reader.tasks(parked, [...page.keys()])) {
        const { id, bytes } = read;
        [score, last] = [page.get(id) ?? '', id];
        const task = index === 'dead' ? deadLetter(read, score) : parkedTask(read, score);
        yield { task: task?.record.state === state ? task : null, bytes, position: writePosition(score, last) };
      }
      if (page.size < count) return;
    }
  }

  /** Ids and scores, as many as there are behind that entry. */
  private async page(index: Index, score: string, last: string, count: number): Promise<Map<string, string>> {
    const call = [...this.keys.scripts(this.partition), index, score, last, count];
    const entries = await this.commands.repeatable((client) => client.taskIndexPage(call));
    const page = new Map<string, string>();
    for (let row = 0; row < entries.length; row += 2) page.set(entries[row] ?? '', entries[row + 1] ?? '');
    return page;
  }
}

/** Without an envelope it has gone in the meantime. */
export function parkedTask({ id, envelope, status, latest }: ParkedEntry, score: string): PlacedTask | null {
  if (envelope === null) return null;
  const stored = readStored(envelope);
  const told = status?.state === 'scheduled' || status?.state === 'retrying' ? status.state : null;
  const state = told ?? (stored.attempt > 0 ? 'retrying' : 'scheduled');
  return placedTask({ state, id, stored, status, latest, due: Math.floor(Number(score)) });
}

/** Where its id is in use again the status is that of another task. */
export function deadLetter({ id, envelope, status }: ParkedEntry, score: string): PlacedTask | null {
  if (envelope === null) return null;
  const own = status?.state === 'failed' ? status : null;
  return placedTask({ state: 'failed', id, stored: readStored(envelope), status: own, diedAt: Number(score) });
}

type ParkedEntry = Pick<ReadTask, 'id' | 'envelope' | 'status' | 'latest'>;

const SCORE = /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)$/;

/** @throws InvalidCursorError */
function readEntry(position: string): [score: string, id: string] {
  const [score, id] = readPosition(position, ['', ''] as [string, string]);
  if (!SCORE.test(score)) throw new InvalidCursorError(position);
  return [score, id];
}

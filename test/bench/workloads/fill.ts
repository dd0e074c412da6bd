import type { BenchProducer } from '../peer.js';
import { taskData } from '../task-data.js';

export const BULK_ROWS = 1_000;

/** Adds tasks `from` to `to`, the latter excluded, in bulks. */
export async function fill(producer: BenchProducer, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += BULK_ROWS) {
    const length = Math.min(BULK_ROWS, to - first);
    await producer.addBulk(Array.from({ length }, (_, row) => taskData(first + row)));
  }
}

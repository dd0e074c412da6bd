import { setTimeout as delay } from 'node:timers/promises';
import type { Partition } from '../broker/partition.js';
import type { DeadLetter, TaskSteering } from '../broker/task-steering.js';

/** How many dead letters are looked at in one go. */
const PAGE = 100;
/** Bounds of one call that moves dead letters, so that Redis is not blocked for long by one script. */
export const MAX_LETTERS = 25;
const MAX_BYTES = 1024 * 1024;

/**
 * Puts the dead letters of a queue back that are meant, from the oldest on, in pages; those that die meanwhile are not.
 * @returns how many
 */
export async function reviveAll(
  steering: TaskSteering,
  partition: Partition,
  accepts: (letter: DeadLetter) => boolean,
  perSecond: number,
): Promise<number> {
  // By Redis's clock, which is also that of their deaths.
  const lastDeath = (await steering.lastDeath(partition)) ?? -Infinity;
  let revived = 0;
  let lastKept: DeadLetter | null = null;
  for (;;) {
    const begun = performance.now();
    const page = await steering.deadLetters(partition, lastKept, Math.min(PAGE, perSecond));
    const wanted = page.filter((letter) => letter.diedAt <= lastDeath && accepts(letter));
    const moved = new Set<string>();
    for (const ids of chunksOf(wanted)) for (const id of await steering.revive(partition, ids)) moved.add(id);
    revived += moved.size;
    lastKept = page.findLast(({ id }) => !moved.has(id)) ?? lastKept;
    if (!page.some(({ diedAt }) => diedAt <= lastDeath)) return revived;
    const pauseMs = (moved.size / perSecond) * 1_000 - (performance.now() - begun);
    if (pauseMs > 0) await delay(pauseMs);
  }
}

function* chunksOf(letters: readonly DeadLetter[]): Generator<string[]> {
  let ids: string[] = [];
  let bytes = 0;
  for (const letter of letters) {
    if (ids.length === MAX_LETTERS || (ids.length > 0 && bytes + letter.bytes > MAX_BYTES)) {
      yield ids;
      ids = [];
      bytes = 0;
    }
    ids.push(letter.id);
    bytes += letter.bytes;
  }
  if (ids.length > 0) yield ids;
}

import { type JournalLine, linesOf } from '../run-journal.js';
import type { Snapshot } from '../snapshot.js';
import { type PlannedTask, publicIdOf } from '../tasks.js';

/** All processes have the same clock, and read it in whole ms. */
const TOLERANCE_MS = 2;

/** No task may begin before its time. @returns violations */
export function checkDelays(
  plan: readonly PlannedTask[],
  snapshots: readonly Snapshot[],
  journal: readonly JournalLine[],
): string[] {
  const addFrom = linesOf(journal, 'begin')[0]?.at ?? 0;
  const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));
  const tasks = new Map(plan.map((task) => [publicIdOf(task), task]));
  return linesOf(journal, 'began').flatMap(({ id, run, at }) => {
    const earlyMs = dueAt(tasks.get(id), statuses.get(id)?.createdAt ?? 0, addFrom) - at;
    return earlyMs > TOLERANCE_MS ? [`${id}: run ${run} began ${earlyMs} ms before its time`] : [];
  });
}

/** At the earliest: further adds may put off a debounced task. */
function dueAt(task: PlannedTask | undefined, createdAt: number, addFrom: number): number {
  const { options = {}, dueAfterMs = -Infinity } = task ?? {};
  return Math.max(createdAt + Number(options.delay ?? options.debounce?.wait ?? 0), addFrom + dueAfterMs);
}

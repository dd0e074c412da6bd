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
  const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));
  const delays = new Map(plan.map((task) => [publicIdOf(task), Number(task.options.delay ?? 0)]));
  return linesOf(journal, 'began').flatMap(({ id, run, at }) => {
    const earlyMs = (statuses.get(id)?.createdAt ?? 0) + (delays.get(id) ?? 0) - at;
    return earlyMs > TOLERANCE_MS ? [`${id}: run ${run} began ${earlyMs} ms before its time`] : [];
  });
}

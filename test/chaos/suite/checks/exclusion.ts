import { type JournalLine, linesOf } from '../run-journal.js';
import { hasEnded, type Snapshot, type SnapshotStatus } from '../snapshot.js';
import { exclusiveScheduleOf } from './ticks.js';

/** All processes have the same clock, and read it in whole ms. */
const TOLERANCE_MS = 2;

/** What a task has for itself as long as it has not ended: a key, or that nothing else of its schedule is there. */
function exclusiveKeyOf(id: string, { lock }: SnapshotStatus): string | undefined {
  return lock.startsWith('unique:') ? lock : exclusiveScheduleOf(id);
}

/** A key of which one task may run while another one waits. */
function queuedKeyOf({ lock }: SnapshotStatus): string | undefined {
  return lock.startsWith('debounce:') ? lock : undefined;
}

/** At any moment: of a key there is one task that has not ended; one more where it may wait, but held by workers is only one. */
export function checkExclusion({ queue, statuses, places }: Snapshot): string[] {
  const violations: string[] = [];
  const open = [...statuses].filter(([, status]) => !hasEnded(status));
  const complain = (key: string, what: string, tasks: readonly Task[]): void => {
    violations.push(
      `${queue}: of ${JSON.stringify(key)} ${tasks.length} tasks ${what}: ${tasks.map(([id]) => id).join(', ')}`,
    );
  };
  for (const [key, tasks] of byKey(open, ([id, status]) => exclusiveKeyOf(id, status))) {
    if (tasks.length > 1) complain(key, 'have not ended', tasks);
  }
  for (const [key, tasks] of byKey(open, ([, status]) => queuedKeyOf(status))) {
    const held = tasks.filter(([id]) => places.get(id)?.some(({ structure }) => structure === 'active'));
    if (held.length > 1) complain(key, 'are held by workers', held);
    if (tasks.length > 2) complain(key, 'have not ended', tasks);
  }
  return violations;
}

/** After the run: none of a key was added before the one before had ended; and where it might be added, none was begun. */
export function checkSuccession(snapshots: readonly Snapshot[], journal: readonly JournalLine[]): string[] {
  const violations: string[] = [];
  const firstRuns = new Map<string, number>();
  for (const { id, at } of linesOf(journal, 'began')) firstRuns.set(id, Math.min(at, firstRuns.get(id) ?? Infinity));
  const follow = (key: string, tasks: readonly Task[], what: string, at: (task: Task) => number | undefined): void => {
    const inOrder = tasks.toSorted(([, a], [, b]) => a.createdAt - b.createdAt);
    inOrder.slice(1).forEach((task, row) => {
      const [idBefore, before] = inOrder[row] as Task;
      const earlyMs = before.finishedAt - (at(task) ?? Infinity);
      if (earlyMs > TOLERANCE_MS)
        violations.push(`${task[0]} of ${JSON.stringify(key)} was ${what} ${earlyMs} ms before ${idBefore} had ended`);
    });
  };
  for (const { statuses } of snapshots) {
    for (const [key, tasks] of byKey([...statuses], ([id, status]) => exclusiveKeyOf(id, status)))
      follow(key, tasks, 'added', ([, { createdAt }]) => createdAt);
    for (const [key, tasks] of byKey([...statuses], ([, status]) => queuedKeyOf(status)))
      follow(key, tasks, 'begun', ([id]) => firstRuns.get(id));
  }
  return violations;
}

type Task = [id: string, status: SnapshotStatus];

function byKey(tasks: readonly Task[], keyOf: (task: Task) => string | undefined): Map<string, Task[]> {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = keyOf(task);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return groups;
}

import { ATTEMPTS, FEATURES } from '../features.js';
import { type JournalLine, linesOf } from '../run-journal.js';
import { MAX_LOST } from '../settings.js';
import type { Place, Snapshot, SnapshotStatus } from '../snapshot.js';
import { type ChaosResult, isIntact, type PlannedTask, publicIdOf } from '../tasks.js';

export interface Outcomes {
  violations: string[];
  completed: number;
  /** As the plan wants it. */
  failed: number;
  /** Lost too often, as the plan wants it. */
  poisoned: number;
  /** Lost too often without any fault of their own. */
  innocent: string[];
}

/** Compares what became of each task with the plan and with what the handlers wrote down. */
export function checkOutcomes(
  plan: readonly PlannedTask[],
  snapshots: readonly Snapshot[],
  journal: readonly JournalLine[],
): Outcomes {
  const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));
  const places = new Map(snapshots.flatMap((snapshot) => [...snapshot.places]));
  const runsThatEnded = new Set(linesOf(journal, 'ended').map(({ id, run }) => `${id} ${run}`));
  const outcomes: Outcomes = { violations: [], completed: 0, failed: 0, poisoned: 0, innocent: [] };
  const { violations } = outcomes;

  for (const task of plan) {
    const id = publicIdOf(task);
    const status = statuses.get(id);
    statuses.delete(id);
    if (!status) {
      violations.push(`${id} (${task.kind}) has no status`);
      continue;
    }
    const standsIn = places.get(id) ?? [];
    judge(id, task, status, standsIn, runsThatEnded, outcomes);
    for (const { envelope } of standsIn) {
      const { data } = JSON.parse(envelope) as { data: unknown };
      if (!isIntact(data, task.id)) violations.push(`${id}: its data are not what was added`);
    }
  }
  for (const id of statuses.keys()) violations.push(`${id} has a status, but nobody added it`);
  for (const line of journal) {
    if (line.event === 'corrupt') violations.push(`${line.id}: run ${line.run} was given data that were not added`);
    if (line.event === 'began' && line.attempt > ATTEMPTS + MAX_LOST) {
      violations.push(`${line.id}: run ${line.run} was attempt ${line.attempt}`);
    }
  }
  return outcomes;
}

function judge(
  id: string,
  { kind, data }: PlannedTask,
  { state, result, error }: SnapshotStatus,
  places: readonly Place[],
  runsThatEnded: ReadonlySet<string>,
  outcomes: Outcomes,
): void {
  const wrong = (what: string): void =>
    void outcomes.violations.push(`${id} (${kind}) is ${state}: ${what} ${result}${error}`);
  if (state === 'completed') {
    if (kind === 'throwing' || kind === 'poison') return wrong('that cannot be');
    const { run, checksum } = JSON.parse(result || '{}') as Partial<ChaosResult>;
    if (!runsThatEnded.has(`${id} ${run}`)) return wrong('no run of it ended with this result');
    if (checksum !== data.checksum) return wrong('the result belongs to another task');
    outcomes.completed++;
  } else if (state === 'failed') {
    const { name, message } = JSON.parse(error || '{}') as { name?: string; message?: string };
    if (name?.startsWith('lost')) {
      if (kind === 'poison') outcomes.poisoned++;
      else if (FEATURES.quarantine) wrong('it is innocent');
      else outcomes.innocent.push(id);
    } else if (kind === 'throwing' || (kind === 'flaky' && data.throws >= ATTEMPTS)) {
      if (message !== `planned: ${data.checksum}`) return wrong('the error belongs to another task');
      outcomes.failed++;
    } else {
      wrong('that was not planned');
    }
  } else {
    wrong(`it has not ended, and stands in [${places.map(({ structure }) => structure).join(', ')}]`);
  }
}

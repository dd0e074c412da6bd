import { type JournalLine, linesOf } from '../run-journal.js';
import { MAX_LOST, MAX_SPARED } from '../settings.js';
import type { Snapshot, SnapshotStatus } from '../snapshot.js';
import { type ChaosResult, isIntact, type PlannedTask, publicIdOf } from '../tasks.js';

export interface Outcomes {
  violations: string[];
  completed: number;
  cancelled: number;
  /** As the plan wants it. */
  failed: number;
  /** Lost too often, as the plan wants it. */
  poisoned: number;
  /** Lost too often because faults hit it so often. */
  unlucky: number;
}

/** What was written down, arranged for the questions that are asked about it. */
interface Evidence {
  /** Id and run of what ended well. */
  ended: ReadonlySet<string>;
  /** How often the task threw, by id. */
  threw: ReadonlyMap<string, number>;
  /** Answers to cancels, by id. */
  cancels: ReadonlyMap<string, { cancelled: boolean; state: string }>;
  /** The processes that ran the task, in this order, by id. */
  runBy: ReadonlyMap<string, readonly string[]>;
  /** Processes in which a poisonous task ran: it took them down. */
  poisoned: ReadonlySet<string>;
}

/** Compares what became of each task with the plan and with what the handlers wrote down. @param plan all tasks that there may be */
export function checkOutcomes(
  plan: readonly PlannedTask[],
  snapshots: readonly Snapshot[],
  journal: readonly JournalLine[],
): Outcomes {
  const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));
  const places = new Map(snapshots.flatMap((snapshot) => [...snapshot.places]));
  const planned = new Map(plan.map((task) => [publicIdOf(task), task]));
  const evidence = gather(planned, journal);
  const outcomes: Outcomes = {
    violations: [],
    completed: 0,
    cancelled: 0,
    failed: 0,
    poisoned: 0,
    unlucky: 0,
  };
  const { violations } = outcomes;

  for (const [id, task] of planned) {
    const status = statuses.get(id);
    statuses.delete(id);
    if (!status) {
      violations.push(`${id} (${task.kind}) has no status`);
      continue;
    }
    const standsIn = places.get(id) ?? [];
    const complaint = judge(id, task, status, evidence, outcomes);
    const where = standsIn.map(({ structure }) => structure).join(', ');
    if (complaint !== null) {
      const { state, result, error } = status;
      violations.push(`${id} (${task.kind}) is ${state} and stands in [${where}]: ${complaint} ${result}${error}`);
    }
    for (const { envelope } of standsIn) {
      const { data } = JSON.parse(envelope) as { data: unknown };
      if (!isIntact(data) || data.id !== task.data.id) violations.push(`${id}: its data are not what was added`);
    }
  }
  for (const id of statuses.keys()) violations.push(`${id} has a status, but nobody added it`);
  for (const { id, run } of linesOf(journal, 'corrupt')) {
    violations.push(`${id}: run ${run} was given data that were not added`);
  }
  for (const { id, run, attempt, data } of linesOf(journal, 'began')) {
    const task = planned.get(id);
    if (task && data !== task.data.id) violations.push(`${id}: run ${run} was given the data of ${data}`);
    const limit = (task?.attempts ?? 0) + MAX_LOST + MAX_SPARED;
    if (attempt > limit) violations.push(`${id}: run ${run} was attempt ${attempt}, the limit is ${limit}`);
  }
  return outcomes;
}

function gather(planned: ReadonlyMap<string, PlannedTask>, journal: readonly JournalLine[]): Evidence {
  const began = linesOf(journal, 'began').toSorted((a, b) => a.at - b.at);
  const runBy = new Map<string, string[]>();
  for (const { id, by } of began) runBy.set(id, [...(runBy.get(id) ?? []), by]);
  const threw = new Map<string, number>();
  for (const { id } of linesOf(journal, 'threw')) threw.set(id, (threw.get(id) ?? 0) + 1);
  return {
    ended: new Set(linesOf(journal, 'ended').map(({ id, run }) => `${id} ${run}`)),
    threw,
    cancels: new Map(linesOf(journal, 'cancelled').map((line) => [line.id, line])),
    runBy,
    poisoned: new Set(began.filter(({ id }) => planned.get(id)?.kind === 'poison').map(({ by }) => by)),
  };
}

/** Counts the task where it belongs. @returns what is wrong, if anything is */
function judge(
  id: string,
  { kind, data, attempts }: PlannedTask,
  { state, result, error }: SnapshotStatus,
  { ended, threw, cancels, runBy, poisoned }: Evidence,
  outcomes: Outcomes,
): string | null {
  const cancel = cancels.get(id);
  const wasCancelled = cancel?.cancelled === true || cancel?.state === 'cancelled';
  if (state === 'cancelled') {
    if (kind !== 'unwanted') return 'nobody called it off';
    if (cancel && !wasCancelled) return `the answer to the cancel was ${JSON.stringify(cancel)}`;
    outcomes.cancelled++;
  } else if (wasCancelled) {
    return 'it was called off';
  } else if (state === 'completed') {
    if (kind === 'throwing' || kind === 'stuck' || kind === 'poison') return 'that cannot be';
    const { run, checksum } = JSON.parse(result || '{}') as Partial<ChaosResult>;
    if (!ended.has(`${id} ${run}`)) return 'no run of it ended with this result';
    if (checksum !== data.checksum) return 'the result belongs to another task';
    outcomes.completed++;
  } else if (state === 'failed') {
    const { name, message } = JSON.parse(error || '{}') as { name?: string; message?: string };
    if (name === 'lost too often') {
      const runsKnown = (runBy.get(id) ?? []).length - (threw.get(id) ?? 0);
      const losses = Number(/^Lost (\d+) times/.exec(message ?? '')?.[1]);
      // Marked as active it may have been lost before it could write down that it had begun.
      const lastBy = runsKnown < losses ? undefined : runBy.get(id)?.at(-1);
      if (kind === 'poison') outcomes.poisoned++;
      else if (lastBy !== undefined && poisoned.has(lastBy)) return 'it only ran beside a poisonous task';
      else outcomes.unlucky++;
      return null;
    }
    if (kind !== 'throwing' && kind !== 'stuck') return 'that was not planned';
    if (kind === 'throwing' && message !== `planned: ${data.checksum}`) return 'the error belongs to another task';
    if (kind === 'stuck' && name !== 'TaskTimeoutError') return 'it was not its timeout that ended it';
    const times = threw.get(id) ?? 0;
    if (times < attempts) return `it had ${attempts} attempts and threw ${times} times`;
    outcomes.failed++;
  } else {
    return 'it has not ended';
  }
  return null;
}

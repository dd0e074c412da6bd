import type { Keys } from './checks/keys.js';
import type { Outcomes } from './checks/outcomes.js';
import type { Recoveries } from './checks/recovery.js';
import { mostWithin, type StartWatch } from './checks/starts.js';
import type { Ticks } from './checks/ticks.js';
import { GLOBAL_CONCURRENCY, QUEUE_RATE, RATED_QUEUE } from './limits.js';
import { type JournalLine, linesOf } from './run-journal.js';
import { RECOVERY_SLACK_MS, type RunSettings } from './settings.js';
import { KINDS, type PlannedTask } from './tasks.js';

/** All that is known of a run once it is over. */
export interface RunReport {
  settings: RunSettings;
  /** Empty if the run has passed. */
  violations: string[];
  tookMs: number;
  plan: readonly PlannedTask[];
  journal: readonly JournalLine[];
  outcomes: Outcomes;
  recoveries: Recoveries;
  ticks: Ticks;
  keys: Keys;
  starts: StartWatch;
  faults: ReadonlyMap<string, number>;
  snapshots: number;
  workerStarts: number;
  memoryBefore: number;
  memoryAfter: number;
  /** Of journals and logs; there only if the run has failed. */
  folder: string;
}

const SHOWN_VIOLATIONS = 20;

export function showReport(report: RunReport): string {
  const { settings, violations, plan, journal, outcomes, recoveries, faults } = report;
  const { seed, tasks, workers, producers, leaseMs } = settings;
  const verdict = violations.length === 0 ? 'passed' : `FAILED (${violations.length} violations)`;
  const kinds = KINDS.map((kind) => ({ kind, tasks: plan.filter((task) => task.kind === kind).length }))
    .filter((each) => each.tasks > 0)
    .map((each) => `${each.kind} ${count(each.tasks)}`);
  const injected = [...faults].toSorted(([, a], [, b]) => b - a).map(([name, times]) => `${name} ${times}`);
  const total = [...faults.values()].reduce((sum, times) => sum + times, 0);
  const lines = {
    seed: `${seed}: ${verdict} after ${seconds(report.tookMs)}`,
    processes: `${workers} workers (${report.workerStarts} starts), ${producers} producers, lease ${seconds(leaseMs)}`,
    tasks: `${count(tasks)} (${kinds.join(', ')})`,
    faults: `${total}${total > 0 ? ` (${injected.join(', ')})` : ''}`,
    ended: `completed ${count(outcomes.completed)}, failed as planned ${count(outcomes.failed)}, cancelled ${count(outcomes.cancelled)}, poison buried ${outcomes.poisoned}, lost to three faults ${outcomes.unlucky}`,
    runs: `${count(linesOf(journal, 'began').length)}; ${count(ranAgain(journal))} tasks ran more than once without having thrown`,
    recovery: `${recoveries.undisturbed} undisturbed, the slowest ${seconds(recoveries.slowestMs)} (limit ${seconds(leaseMs + RECOVERY_SLACK_MS)}); ${recoveries.count - recoveries.undisturbed} across outages, the slowest ${seconds(recoveries.slowestWithOutageMs)}`,
    schedules: ticked(report.ticks),
    keys: keyed(report),
    limits: limited(report.starts),
    snapshots: `${report.snapshots}, each with every id in its one place`,
    memory: `Redis ${mebibytes(report.memoryBefore)} before, ${mebibytes(report.memoryAfter)} after; workers ${workerMemory(journal)} at their end`,
  };
  const text = Object.entries(lines).map(([name, line]) => `${name.padEnd(10)}${line}`);
  if (violations.length > 0) {
    text.push(...violations.slice(0, SHOWN_VIOLATIONS).map((violation) => `  ✗ ${violation}`));
    if (violations.length > SHOWN_VIOLATIONS) text.push(`  … and ${violations.length - SHOWN_VIOLATIONS} more`);
    text.push(`  journals and logs: ${report.folder}`);
  }
  return text.join('\n');
}

function ticked({ counts }: Ticks): string {
  return [...counts]
    .map(([{ overlap }, { due, leftOut }]) => `${overlap} ${due} ticks${leftOut > 0 ? `, ${leftOut} left out` : ''}`)
    .join('; ');
}

function keyed({ journal, keys: { tasks } }: RunReport): string {
  const answers = linesOf(journal, 'answered');
  const outcomes = ['created', 'duplicate', 'replaced'].map(
    (outcome) => `${outcome} ${count(answers.filter((answer) => answer.outcome === outcome).length)}`,
  );
  return `${count(tasks.length)} tasks of ${count(answers.length)} adds (${outcomes.join(', ')})`;
}

function limited({ starts, mostHeld }: StartWatch): string {
  const most = mostWithin(starts, QUEUE_RATE.perMs);
  return `${count(starts.length)} starts of ${RATED_QUEUE}, at most ${most} of ${QUEUE_RATE.max} seen within ${seconds(QUEUE_RATE.perMs)}, ${mostHeld} of ${GLOBAL_CONCURRENCY} held`;
}

/** How many tasks ran more often than their attempts explain. */
function ranAgain(journal: readonly JournalLine[]): number {
  const runs = new Map<string, number>();
  for (const { id } of linesOf(journal, 'began')) runs.set(id, (runs.get(id) ?? 0) + 1);
  for (const { id } of linesOf(journal, 'threw')) runs.set(id, (runs.get(id) ?? 0) - 1);
  return [...runs.values()].filter((times) => times > 1).length;
}

function workerMemory(journal: readonly JournalLine[]): string {
  const sizes = linesOf(journal, 'closed').map(({ rss }) => rss);
  return sizes.length === 0 ? 'unknown' : `${mebibytes(Math.min(...sizes))} to ${mebibytes(Math.max(...sizes))}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

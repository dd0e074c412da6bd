import type { Outcomes } from './checks/outcomes.js';
import type { Recoveries } from './checks/recovery.js';
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
  const kinds = KINDS.map((kind) => `${kind} ${count(plan.filter((task) => task.kind === kind).length)}`);
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

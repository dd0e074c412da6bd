import type { Incidents, Span } from '../incidents.js';
import { type JournalLine, linesOf } from '../run-journal.js';
import { RECOVERY_SLACK_MS } from '../settings.js';

export interface Recoveries {
  violations: string[];
  /** How many tasks somebody else had to begin again. */
  count: number;
  /** Of those that no outage came in between of. */
  slowestMs: number;
  slowestWithOutageMs: number;
}

/**
 * From the moment in which a worker died or froze to the next begin of each task that it was running then: not more than
 * its lease and some seconds; and where workers could not reach Redis meanwhile, as long again as they could
 * not, and a lease more, for that is how much time they then give each other.
 */
export function checkRecovery(
  journal: readonly JournalLine[],
  { silences, outages }: Incidents,
  leaseMs: number,
): Recoveries {
  const recoveries: Recoveries = { violations: [], count: 0, slowestMs: 0, slowestWithOutageMs: 0 };
  const began = linesOf(journal, 'began');
  const byTask = groupBy(began, ({ id }) => id);
  const byWorker = groupBy(began, ({ by }) => by);
  const ends = new Map([...linesOf(journal, 'ended'), ...linesOf(journal, 'threw')].map(({ run, at }) => [run, at]));

  for (const { by, at } of silences) {
    const open = (byWorker.get(by) ?? []).filter((line) => line.at <= at && (ends.get(line.run) ?? Infinity) > at);
    for (const { id, at: begun, run } of open) {
      const others = (byTask.get(id) ?? []).filter((line) => line.run !== run && line.at >= begun);
      const next = Math.min(...others.map((line) => line.at));
      // Somebody had taken it over before, or it ended as a dead letter.
      if (next <= at || next === Infinity) continue;
      const tookMs = next - at;
      const meanwhile = outages.filter(({ from, to }) => from < next && to > at);
      const allowedMs =
        leaseMs + RECOVERY_SLACK_MS + sum(meanwhile, { from: at, to: next }) + meanwhile.length * leaseMs;
      recoveries.count++;
      if (meanwhile.length === 0) recoveries.slowestMs = Math.max(recoveries.slowestMs, tookMs);
      else recoveries.slowestWithOutageMs = Math.max(recoveries.slowestWithOutageMs, tookMs);
      if (tookMs > allowedMs) {
        recoveries.violations.push(
          `${id}: lost with ${by}, it began again after ${tookMs} ms, not within ${allowedMs} ms`,
        );
      }
    }
  }
  return recoveries;
}

function sum(outages: readonly Span[], { from, to }: Span): number {
  return outages.reduce((ms, outage) => ms + Math.min(outage.to, to) - Math.max(outage.from, from), 0);
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

import type { Incidents, Span } from '../incidents.js';
import { RATED_QUEUE } from '../limits.js';
import { timesWithoutWorkers } from './availability.js';
import { type JournalLine, linesOf } from '../run-journal.js';
import { MAX_LOST, RECOVERY_SLACK_MS } from '../settings.js';
import type { Snapshot } from '../snapshot.js';

export interface Recoveries {
  violations: string[];
  /** How many runs somebody else had to begin again, or bury. */
  count: number;
  /** Those of them that no outage came in between of. */
  undisturbed: number;
  slowestMs: number;
  slowestWithOutageMs: number;
}

/**
 * After each run something follows soon: Redis learns of its end, or the task begins again. "Soon" counts from the
 * end of the run, or from the moment in which its worker died or froze, and is the lease and some seconds, and as much again for
 * each other worker that died or froze meanwhile, since it may have held the task; where workers
 * could not reach Redis meanwhile, as long again as they could not, and a lease more, for that is how much time they
 * then give each other.
 */
export function checkRecovery(
  journal: readonly JournalLine[],
  snapshots: readonly Snapshot[],
  incidents: Incidents,
  leaseMs: number,
): Recoveries {
  const recoveries: Recoveries = { violations: [], count: 0, undisturbed: 0, slowestMs: 0, slowestWithOutageMs: 0 };
  const { silences } = incidents;
  const outages = merge([...incidents.outages, ...timesWithoutWorkers(journal, incidents)]);
  const began = linesOf(journal, 'began');
  const byTask = groupBy(began, ({ id }) => id);
  const silencesOf = groupBy(silences, ({ by }) => by);
  const threw = linesOf(journal, 'threw');
  const ends = new Map([...linesOf(journal, 'ended'), ...threw].map(({ run, at }) => [run, at]));
  const runsThatThrew = new Set(threw.map(({ run }) => run));
  const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));

  for (const { id, run, by, attempt, at: begunAt } of began) {
    const endedAt = ends.get(run) ?? Infinity;
    const silentAt = silencesOf.get(by)?.find(({ at }) => at >= begunAt && at < endedAt)?.at;
    const from = silentAt ?? endedAt;
    const others = (byTask.get(id) ?? []).filter((line) => line.run !== run);
    const begunAgain = others.filter((line) => line.at >= begunAt).toSorted((a, b) => a.at - b.at);
    const next = begunAgain[0];
    // Some may have been lost before they could write down that they had begun.
    const threwBefore = others.filter((line) => line.at < begunAt && runsThatThrew.has(line.run)).length;
    const lost = Math.max(attempt, (next?.attempt ?? 1) - 1) - threwBefore;
    const to = Math.min(next?.at ?? Infinity, statuses.get(id)?.finishedAt || Infinity);
    // It comes again when its backoff is over, at the end of the queue, however long that is.
    if (runsThatThrew.has(run) && next) continue;
    // Lost so often it is a suspect: these run one after the other.
    if (lost >= MAX_LOST && next) continue;
    // Its turn comes when those before it have started, and limits let it.
    if (id.startsWith(`${RATED_QUEUE}:`)) continue;
    // Somebody took it over before. And what never goes on is found elsewhere: it has not ended.
    if (to <= from || to === Infinity) continue;

    const tookMs = to - from;
    const meanwhile = outages.filter((outage) => outage.from < to && outage.to > from);
    // In each worker that fell silent in between it may have been, not begun yet: nobody wrote that down.
    const again = silences.filter(({ at, by: other }) => other !== by && at > from && at < to).length;
    const undisturbedMs = (leaseMs + RECOVERY_SLACK_MS) * (1 + again);
    const allowedMs = undisturbedMs + overlap(meanwhile, { from, to }) + meanwhile.length * leaseMs;
    if (tookMs > allowedMs) {
      const what = silentAt === undefined ? 'ended by' : 'lost with';
      recoveries.violations.push(`${id}: ${what} ${by}, it went on after ${tookMs} ms, not within ${allowedMs} ms`);
    }
    if (silentAt === undefined) continue;
    recoveries.count++;
    if (meanwhile.length > 0) {
      recoveries.slowestWithOutageMs = Math.max(recoveries.slowestWithOutageMs, tookMs);
    } else if (again === 0) {
      recoveries.undisturbed++;
      recoveries.slowestMs = Math.max(recoveries.slowestMs, tookMs);
    }
  }
  return recoveries;
}

/** Spans that overlap are one. */
function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const before = merged.at(-1);
    if (before && from <= before.to) before.to = Math.max(before.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

function overlap(outages: readonly Span[], { from, to }: Span): number {
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

import type { FileDigest } from './digest.tasks.js';
import type { Outcome } from './file-digests.js';
import { count, number } from './numbers.js';

const MAX_ROWS = 40;
const MAX_PATH = 60;
const MAX_REASON = 120;

/** One line of the table. */
export interface ReportRow {
  path: string;
  outcome: Outcome;
}

/** The table: in the order of the paths, but what failed comes first, where the cut cannot hide it. */
export function table(rows: readonly ReportRow[]): string {
  const ordered = [...rows.filter(hasFailed), ...rows.filter((row) => !hasFailed(row))];
  const shown = ordered.slice(0, MAX_ROWS);
  const width = Math.max(4, ...shown.map(({ path }) => shortPath(path).length));
  const lines = [
    `${'Path'.padEnd(width)}  ${'Size'.padStart(13)}  ${'Lines'.padStart(9)}  SHA-256`,
    ...shown.map((row) => `${shortPath(row.path).padEnd(width)}  ${cells(row.outcome)}`),
  ];
  if (rows.length > shown.length) lines.push(`… and ${number(rows.length - shown.length)} more`);
  return lines.join('\n');
}

/** Sums, and how long it took by Redis's clock: from the first task added to the last one done. */
export function totals(rows: readonly ReportRow[]): string {
  const digests = rows.filter((row) => !hasFailed(row)).map(({ outcome }) => outcome?.result as FileDigest);
  const sum = (key: 'size' | 'lines'): number => digests.reduce((total, digest) => total + digest[key], 0);
  const failed = rows.length - digests.length;
  const times = rows.map(({ outcome }) => outcome).filter((outcome) => outcome !== null);
  const begun = times.reduce((first, { createdAt }) => Math.min(first, Number(createdAt)), Infinity);
  const ended = times.reduce((last, { finishedAt }) => Math.max(last, Number(finishedAt)), 0);
  const seconds = Math.max(1, ended - begun) / 1000;
  return [
    [count(digests.length, 'file'), count(sum('size'), 'byte'), count(sum('lines'), 'line')].join(', '),
    ...(failed > 0 ? [`${count(failed, 'file')} failed`] : []),
    `${count(rows.length, 'task')} in ${seconds.toFixed(2)} s: ${number(Math.round(rows.length / seconds))} per second`,
  ].join('\n');
}

export function hasFailed({ outcome }: ReportRow): boolean {
  return outcome?.state !== 'completed';
}

function cells(outcome: Outcome): string {
  if (outcome?.state !== 'completed') return `failed: ${reason(outcome)}`;
  const { size, lines, sha256 } = outcome.result as FileDigest;
  return `${number(size).padStart(13)}  ${number(lines).padStart(9)}  ${sha256.slice(0, 12)}`;
}

function reason(outcome: Outcome): string {
  if (outcome === null) return 'its status is gone from Redis';
  return printable(outcome.error?.message ?? outcome.state).slice(0, MAX_REASON);
}

function shortPath(path: string): string {
  const text = printable(path);
  return text.length > MAX_PATH ? `…${text.slice(1 - MAX_PATH)}` : text;
}

/** A file name may contain anything, also what would move the cursor of a terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?');
}

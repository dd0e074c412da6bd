import type { Sample } from './sample.js';
import type { Growth, Summary } from './summary.js';

const MEBIBYTE = 1024 ** 2;

const COLUMNS: readonly { title: string; digits: number; value: (sample: Sample) => number }[] = [
  { title: 'seconds', digits: 1, value: ({ seconds }) => seconds },
  { title: 'tasks', digits: 0, value: ({ tasks }) => tasks },
  { title: 'tasks/s', digits: 0, value: ({ tasksPerSecond }) => tasksPerSecond },
  { title: 'heap, MiB', digits: 2, value: ({ heapBytes }) => heapBytes / MEBIBYTE },
  { title: 'RSS, MiB', digits: 1, value: ({ rssBytes }) => rssBytes / MEBIBYTE },
  { title: 'loop p99, ms', digits: 1, value: ({ loopDelayP99Ms }) => loopDelayP99Ms },
  { title: 'waiting', digits: 0, value: ({ waiting }) => waiting },
  { title: 'Redis, MiB', digits: 1, value: ({ redisBytes }) => redisBytes / MEBIBYTE },
  { title: 'keys', digits: 0, value: ({ keys }) => keys },
  { title: 'connections', digits: 0, value: ({ connections }) => connections },
];

export const SAMPLE_HEADER = line(COLUMNS.map(({ title }) => title));

export function sampleLine(sample: Sample): string {
  return line(COLUMNS.map(({ digits, value }) => value(sample).toFixed(digits)));
}

/** A cell is never longer than ten digits. */
function line(cells: readonly string[]): string {
  return cells.map((cell, column) => cell.padStart(Math.max(10, COLUMNS[column]?.title.length ?? 0))).join('  ');
}

export function summaryTable({ heap, rss, redis }: Summary): string {
  const row = (name: string, { firstThird, lastThird, perMinute, perMillionTasks }: Growth): string =>
    [
      name.padEnd(16),
      ...[firstThird, lastThird].map((bytes) => (bytes / MEBIBYTE).toFixed(2).padStart(17)),
      ...[perMinute, perMillionTasks].map((bytes) => (bytes / 1024).toFixed(1).padStart(22)),
    ].join('');
  const titles = ['first third, MiB', 'last third, MiB'].map((title) => title.padStart(17));
  const slopes = ['KiB per minute', 'KiB per million tasks'].map((title) => title.padStart(22));
  return [
    [''.padEnd(16), ...titles, ...slopes].join(''),
    row('heap of worker', heap),
    row('RSS of worker', rss),
    row('memory of Redis', redis),
  ].join('\n');
}

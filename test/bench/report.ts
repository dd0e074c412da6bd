import { FIGURES } from './figures.js';
import type { ResultRow } from './results.js';

/** The rows as a table in plain text. */
export function table(rows: readonly ResultRow[]): string {
  const header = ['', '', 'median', 'min – max', 'ratio', 'ratio in each round'];
  return align([header, ...rows.map(cells)]);
}

function cells({ figure, peer, spread, ratio }: ResultRow, index: number, rows: readonly ResultRow[]): string[] {
  const { title, digits } = FIGURES[figure];
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const show = (value: number): string => value.toLocaleString('en', format);
  return [
    rows[index - 1]?.figure === figure ? '' : title,
    peer,
    show(spread.median),
    `${show(spread.min)} – ${show(spread.max)}`,
    ratio ? showRatio(ratio.median) : '',
    ratio ? ratio.rounds.map(showRatio).join(' · ') : '',
  ];
}

/** Three digits that count, whichever of the two is larger. None where one of them is 0. */
function showRatio(ratio: number): string {
  if (ratio === 0 || !Number.isFinite(ratio)) return '–';
  return ratio >= 10 ? ratio.toFixed(1) : ratio >= 1 ? ratio.toFixed(2) : ratio.toFixed(3);
}

/** Columns of numbers to the right, of words to the left. */
function align(rows: readonly string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const isNumeric = [false, false, true, true, true, false];
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}

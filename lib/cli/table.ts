/** A column of a table. */
export interface Column<Row> {
  title: string;
  of: (row: Row) => string | number | null | undefined;
  /** @default 'left'; numbers are easier to compare from the right */
  align?: 'left' | 'right';
}

const GAP = '  ';

/**
 * A table with a line of titles, for people. Cells are one line each, and show what would steer the terminal.
 * @param width what does not fit into that many characters is cut off at the end of a line
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = Infinity): string {
  const cells = rows.map((row) => columns.map(({ of }) => printable(String(of(row) ?? '-'))));
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, at) => Math.max(title.length, ...cells.map((line) => (line[at] ?? '').length)));
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, at) => {
      const size = widths[at] ?? 0;
      return columns[at]?.align === 'right' ? text.padStart(size) : text.padEnd(size);
    });
    const whole = padded.join(GAP).trimEnd();
    return whole.length > width ? `${whole.slice(0, Math.max(1, width - 1))}…` : whole;
  };
  return [titles, ...cells].map(line).join('\n');
}

/** Anybody may have written a name or data: nothing of it may act on the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

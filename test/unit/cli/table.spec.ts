import { describe, expect, it } from 'vitest';
import { printable, table } from '../../../lib/cli/table.js';

const COLUMNS = [
  { title: 'ID', of: ({ id }: { id: string; n: number | null }) => id },
  { title: 'N', of: ({ n }: { n: number | null }) => n, align: 'right' as const },
];

describe('table', () => {
  it('aligns columns, and marks what there is nothing of', () => {
    const rows = [
      { id: 'a', n: 5 },
      { id: 'long', n: 1234 },
      { id: 'c', n: null },
    ];
    expect(table(COLUMNS, rows).split('\n')).toEqual(['ID       N', 'a        5', 'long  1234', 'c        -']);
  });

  it('cuts lines to the width of the terminal', () => {
    expect(table(COLUMNS, [{ id: 'x'.repeat(50), n: 1 }], 10).split('\n')[1]).toBe(`${'x'.repeat(9)}…`);
  });

  it('lets nothing act on the terminal', () => {
    expect(printable('a\u001b[31mb\nc\u009b\u202e')).toBe('a\\u001b[31mb\\u000ac\\u009b\\u202e');
  });
});

import { type Column, table } from './table.js';
import type { Terminal } from './terminal.js';

/** Prints what a command has found: one line of JSON for scripts, or text for people. */
export class Output {
  constructor(
    private readonly terminal: Terminal,
    readonly isJson: boolean,
  ) {}

  show(value: unknown, asText: string): void {
    this.terminal.out(`${this.isJson ? JSON.stringify(value) : asText}\n`);
  }

  /** @param otherwise what people read where there are no rows */
  rows<Row>(value: unknown, columns: readonly Column<Row>[], rows: readonly Row[], otherwise: string): void {
    this.show(value, rows.length === 0 ? otherwise : table(columns, rows, this.terminal.columns));
  }

  /** For people only, and not what they asked for: progress, hints. */
  note(text: string): void {
    this.terminal.err(`${text}\n`);
  }
}

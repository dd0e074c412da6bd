import type { Readable } from 'node:stream';

/** What a command sees of the process that it runs in. */
export interface Terminal {
  /** Writes to standard output. */
  out(text: string): void;
  /** Writes to standard error. */
  err(text: string): void;
  stdin: Readable & { isTTY?: boolean };
  /** The width of the terminal, `undefined` where the output goes elsewhere. */
  columns: number | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborted when somebody presses Ctrl-C. */
  signal: AbortSignal;
}

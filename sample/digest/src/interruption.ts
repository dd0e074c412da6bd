import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Ctrl-C or a polite kill: the first one brings the program to an orderly end, a second one ends it at once. */
export class Interruption {
  private readonly controller = new AbortController();
  /** What came, if something did. `SIGPIPE` stands for a reader of our output who has gone: `npm start | head`. */
  by: (typeof SIGNALS)[number] | 'SIGPIPE' | undefined;

  constructor() {
    for (const name of SIGNALS) process.once(name, () => this.begin(name));
    process.stdout.on('error', () => this.begin('SIGPIPE'));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What a shell reports where the signal killed the process. */
  get exitCode(): number {
    return this.by ? 128 + constants.signals[this.by] : 0;
  }

  private begin(name: NonNullable<typeof this.by>): void {
    this.by ??= name;
    this.controller.abort();
  }
}

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Terminal } from './terminal.js';
import { UsageError } from './usage.error.js';

/** Asks a yes-or-no question; whatever is not yes is no. @throws UsageError where nobody can be asked */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.stdin.isTTY) throw new UsageError(`${question} Say so with --yes`);
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      terminal.err(String(chunk));
      done();
    },
  });
  const dialogue = createInterface({ input: terminal.stdin, output });
  try {
    const answer = await dialogue.question(`${question} [y/N] `, { signal: terminal.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    dialogue.close();
  }
}

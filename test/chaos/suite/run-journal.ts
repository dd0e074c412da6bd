import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Something that a process did, as it wrote it down. */
export type JournalEntry = { at: number } & (
  | { event: 'ready' | 'closed'; rss: number }
  /** `data` is the id that the data carry. */
  | { event: 'began'; id: string; run: string; attempt: number; data: string }
  | { event: 'ended' | 'threw'; id: string; run: string; attempt: number }
  | { event: 'corrupt'; id: string; run: string; attempt: number }
  | { event: 'accepted'; id: string; created: boolean }
  /** An add with a key is tried, by the id of its data, and answered: `id` is that of a task. */
  | { event: 'asked'; add: string }
  | { event: 'answered'; add: string; id: string; outcome: string }
  | { event: 'cancelled'; id: string; cancelled: boolean; state: string }
  | { event: 'refused'; code: string }
  /** From now on tasks are added. */
  | { event: 'begin' }
  | { event: 'done' }
);

type WithoutTime<Entry> = Entry extends unknown ? Omit<Entry, 'at'> : never;

/** An entry, and the label of the process that wrote it. */
export type JournalLine = JournalEntry & { by: string };

/** Those of one event. */
export function linesOf<Event extends JournalLine['event']>(
  journal: readonly JournalLine[],
  event: Event,
): (JournalLine & { event: Event })[] {
  return journal.filter((line): line is JournalLine & { event: Event } => line.event === event);
}

/**
 * One file per process. A line is with the system before `write` returns, so it is there even if the process is killed
 * in the next moment, and to write it takes no turn of the event loop: a handler stays as quick as it is.
 */
export class RunJournal {
  private readonly file: number;

  constructor(folder: string, label: string) {
    this.file = openSync(join(folder, `${label}${EXTENSION}`), 'a');
  }

  write(entry: WithoutTime<JournalEntry>): void {
    writeSync(this.file, `${JSON.stringify({ ...entry, at: Date.now() })}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** What the processes of a run wrote, those with such a label only; what each one wrote stands in order. */
export function readJournals(folder: string, label: RegExp = /./): JournalLine[] {
  const labels = readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => name.slice(0, -EXTENSION.length));
  return labels
    .filter((name) => label.test(name))
    .flatMap((by) =>
      readFileSync(join(folder, `${by}${EXTENSION}`), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ ...(JSON.parse(line) as JournalEntry), by })),
    );
}

const EXTENSION = '.jsonl';

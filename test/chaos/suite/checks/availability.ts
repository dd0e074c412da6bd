import type { Incidents, Span } from '../incidents.js';
import { type JournalLine, linesOf } from '../run-journal.js';

/** When there was no worker that could have taken over anything: all dead, starting, frozen, on their way out or cut off. */
export function timesWithoutWorkers(journal: readonly JournalLine[], { silences, absences }: Incidents): Span[] {
  const lives = linesOf(journal, 'ready')
    .filter(({ by }) => by.startsWith('worker-'))
    .map(({ by, at }) => {
      // The last one: before it, a process may have frozen and come back.
      const end = silences.findLast((silence) => silence.by === by)?.at ?? Infinity;
      return { slot: slotOf(by), from: at, to: end };
    });
  const isThere = (at: number): boolean =>
    lives.some((life) => covers(life, at) && !absences.some((span) => span.slot === life.slot && covers(span, at)));
  const turns = [...lives, ...absences].flatMap(({ from, to }) => [from, to]).filter(Number.isFinite);
  const times = [...new Set(turns)].sort((a, b) => a - b);
  const spans: Span[] = [];
  for (const [index, from] of times.entries()) {
    if (isThere(from)) continue;
    const to = times[index + 1] ?? from;
    const before = spans.at(-1);
    if (before?.to === from) before.to = to;
    else spans.push({ from, to });
  }
  return spans;
}

function slotOf(label: string): number {
  return Number(/^worker-(\d+)/.exec(label)?.[1]);
}

function covers({ from, to }: Span, at: number): boolean {
  return from <= at && at < to;
}

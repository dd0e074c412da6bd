import type { LogLine } from '../log-line.js';

/** As scripts read it: in this order. */
export function writeLine({ at, attempt, n, line }: LogLine): string {
  return JSON.stringify({ at, attempt, n, line });
}

/** What anybody else has pushed is a line as well, of which nothing more is known. */
export function readLine(element: string): LogLine {
  try {
    const { at, attempt, n, line } = JSON.parse(element) as Partial<LogLine>;
    if (typeof at === 'number' && typeof attempt === 'number' && typeof n === 'number' && typeof line === 'string') {
      return { at, attempt, n, line };
    }
  } catch {
    // No JSON.
  }
  return { at: 0, attempt: 0, n: 0, line: element };
}

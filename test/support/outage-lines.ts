import { eventually } from './eventually.js';
import type { CollectedLog } from './test-app.js';

export interface OutageLines {
  /** Why outages began, a line each. */
  begun: string[];
  /** How many seconds each is said to have lasted. */
  lasted: number[];
}

/** What a log tells of outages. */
export function outageLines(log: CollectedLog): OutageLines {
  const find = (level: string, pattern: RegExp): string[] =>
    log.of(level).flatMap((text) => pattern.exec(text)?.slice(1, 2) ?? []);
  return {
    begun: find('error', /^Redis (?:cannot be used|trouble), trying again until [^:]*: (.*)$/),
    lasted: find('log', /^All works again after (\d+\.\d) s$/).map(Number),
  };
}

/** Waits until that many outages are over. */
export async function outagesOver(log: CollectedLog, count: number): Promise<OutageLines> {
  return eventually(
    () => {
      const lines = outageLines(log);
      if (lines.lasted.length < count) throw new Error(JSON.stringify(lines));
      return lines;
    },
    { what: `That the log tells the end of ${count} outages` },
  );
}

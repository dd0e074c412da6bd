import { LOG_LINES_MAX, LOG_TTL_MS, type LogLine } from '../log-line.js';
import type { Clock } from './memory-clock.js';

/** What the tasks of one partition have logged. */
export class MemoryLogs {
  private readonly byId = new Map<string, { lines: LogLine[]; expires: number }>();

  constructor(private readonly clock: Clock) {}

  /** The oldest first. */
  of(id: string): LogLine[] {
    const log = this.byId.get(id);
    return log && log.expires > this.clock.nowMs ? log.lines : [];
  }

  /** Those that are there already are left out; another run of the same attempt, which did not count, was earlier. */
  append(id: string, lines: readonly LogLine[]): void {
    const before = this.of(id);
    const last = before.at(-1);
    const isOld = ({ at, attempt, n }: LogLine): boolean =>
      last !== undefined && attempt === last.attempt && n <= last.n && at <= last.at;
    const kept = [...before, ...lines.filter((line) => !isOld(line))].slice(-LOG_LINES_MAX);
    this.byId.set(id, { lines: kept, expires: this.clock.nowMs + LOG_TTL_MS });
  }

  delete(id: string): void {
    this.byId.delete(id);
  }

  clear(): void {
    this.byId.clear();
  }
}

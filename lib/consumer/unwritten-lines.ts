import { LOG_LINES_MAX, type LogLine } from '../broker/log-line.js';

/** How much of one task waits at most to be written. One line more says what is missing. */
const MAX_LINES = LOG_LINES_MAX - 1;
const MAX_CHARS = 256 * 1024;

/** What a task has logged and Redis does not know yet: the last of it. */
export class UnwrittenLines {
  private readonly lines: LogLine[] = [];
  private chars = 0;
  private dropped = 0;
  private lastDropped: LogLine | undefined;

  get count(): number {
    return this.lines.length + (this.lastDropped ? 1 : 0);
  }

  get charCount(): number {
    return this.chars;
  }

  /** The oldest first. */
  get all(): LogLine[] {
    if (!this.lastDropped) return [...this.lines];
    return [{ ...this.lastDropped, line: `(${this.dropped} lines were dropped: too many at once)` }, ...this.lines];
  }

  add(line: LogLine): void {
    this.lines.push(line);
    this.chars += line.line.length;
    while (this.lines.length > MAX_LINES || this.chars > MAX_CHARS) {
      this.lastDropped = this.lines.shift();
      this.chars -= this.lastDropped?.line.length ?? 0;
      this.dropped++;
    }
  }
}

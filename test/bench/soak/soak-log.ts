import type { LoggerService } from '@nestjs/common';

const PLANNED = /^\S+ \(soak\.(flaky|failing|stuck|deaf)\) failed/;

/** The log of the worker: says nothing of tasks that are to fail, and hands on and counts all else. */
export class SoakLog implements LoggerService {
  lines = 0;

  log(): void {
    // Nest says at length how it starts.
  }

  warn(text: unknown): void {
    this.write(text);
  }

  error(text: unknown): void {
    this.write(text);
  }

  private write(text: unknown): void {
    if (PLANNED.test(String(text))) return;
    this.lines++;
    console.error(text);
  }
}

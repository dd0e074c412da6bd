import type { Logger } from '@nestjs/common';

/** A loop that was blocked for longer is worth a line in the log. */
const WARN_MS = 1_000;

/**
 * Notices when the event loop was blocked, and which handlers ran meanwhile: those that have ended since its tick was
 * due, and those that are running when the tick comes at last.
 */
export class LoopWatch {
  private timer: NodeJS.Timeout | undefined;
  /** By `performance.now()`. */
  private dueAt = Infinity;
  private readonly endedLate = new Map<string, number>();

  constructor(
    private readonly everyMs: number,
    private readonly onTick: () => void,
    private readonly running: () => Iterable<string>,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  start(): void {
    this.dueAt = performance.now() + this.everyMs;
    this.timer = setInterval(() => this.tick(), this.everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.dueAt = Infinity;
  }

  /** A handler has ended. Costs a comparison as long as the loop turns. */
  ended(name: string, at: number): void {
    if (at > this.dueAt) this.endedLate.set(name, (this.endedLate.get(name) ?? 0) + 1);
  }

  private tick(): void {
    const now = performance.now();
    const blockedMs = now - this.dueAt;
    this.dueAt = now + this.everyMs;
    this.onTick();
    if (blockedMs > WARN_MS) this.warn(blockedMs);
    if (this.endedLate.size > 0) this.endedLate.clear();
  }

  private warn(blockedMs: number): void {
    const ran = new Map(this.endedLate);
    for (const name of this.running()) ran.set(name, (ran.get(name) ?? 0) + 1);
    const names = [...ran].map(([name, times]) => `"${name}" (${times})`);
    const during = names.length > 0 ? `while these handlers ran: ${names.join(', ')}` : 'while no handler ran';
    this.logger.warn(`The event loop was blocked for ${(blockedMs / 1000).toFixed(1)} s ${during}`);
  }
}

import type { Rate } from '../claim-limits.js';
import type { Clock } from './memory-clock.js';

const KEPT = 10_000;

/** When tasks have started, by what is limited: so a window slides, and nothing is let through twice. */
export class StartTimes {
  private readonly byLimit = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** How many of so many tasks may start now, and when more may. */
  allowed(limit: string, { max, perMs }: Rate, wanted: number): { count: number; nextAt: number } {
    const { nowMs } = this.clock;
    const recent = (this.byLimit.get(limit) ?? []).filter((at) => at + perMs > nowMs);
    const count = Math.max(0, Math.min(wanted, max - recent.length));
    const nextAt = (recent[Math.max(0, recent.length - max)] ?? nowMs) + perMs;
    return { count, nextAt };
  }

  note(limit: string, count = 1): void {
    const times = this.byLimit.get(limit) ?? [];
    for (let n = 0; n < count; n++) times.push(this.clock.nowMs);
    this.byLimit.set(limit, times.slice(-KEPT));
  }

  clear(): void {
    this.byLimit.clear();
  }
}

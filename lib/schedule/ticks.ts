/*
 * Of the two libraries that are kept up, croner was chosen over cron-parser: it has no dependencies (cron-parser brings luxon
 * along, 4.5 MiB), looks backwards as well as forwards, and gets transitions of half an hour right: cron-parser 5.10 leaves
 * out a daily tick in the gap of Lord Howe Island, and every quarter of an hour of its fold.
 */
import { Cron } from 'croner';

/** When a schedule ticks. */
export type Timing = { cron: string; timezone: string } | { everyMs: number };

/** The times at which a schedule ticks, in ms since 1970: the same for every process that asks, whenever it does. */
export interface Ticks {
  /** The first one after that moment; `null` if there is none. */
  next(afterMs: number): number | null;
  /** The last ones at or before that moment, oldest first. */
  latest(untilMs: number, count: number): number[];
}

const SECOND = 1_000;
/** To read an expression takes longer than to find its next tick. */
const CACHED = 1_000;
const cache = new Map<string, Ticks>();

/** As it stands in Redis: one text for each timing, since texts are compared. */
export function encodeTiming(timing: Timing): string {
  return 'everyMs' in timing
    ? JSON.stringify({ everyMs: timing.everyMs })
    : JSON.stringify({ cron: timing.cron, timezone: timing.timezone });
}

/** @throws Error for what this version cannot read: anybody may have written it */
export function decodeTiming(text: string): Timing {
  const { everyMs, cron, timezone } = JSON.parse(text) as Record<string, unknown>;
  if (Number.isSafeInteger(everyMs) && Number(everyMs) > 0) return { everyMs: Number(everyMs) };
  if (typeof cron === 'string' && typeof timezone === 'string') return { cron, timezone };
  throw new Error(`not a timing of a schedule: ${text.slice(0, 80)}`);
}

/** @param text as `encodeTiming` writes it @throws Error as `decodeTiming`, and as `ticksOf` */
export function ticksOfText(text: string): Ticks {
  const known = cache.get(text);
  if (known) return known;
  const ticks = ticksOf(decodeTiming(text));
  if (cache.size >= CACHED) cache.clear();
  cache.set(text, ticks);
  return ticks;
}

/** @throws Error for an expression that is none, or a time zone that does not exist */
export function ticksOf(timing: Timing): Ticks {
  return 'everyMs' in timing ? new EveryTicks(timing.everyMs) : new CronTicks(timing.cron, timing.timezone);
}

/** Counted from 1970 on, so that all processes agree: every hour is at the full hour of UTC. */
class EveryTicks implements Ticks {
  constructor(private readonly everyMs: number) {}

  next(afterMs: number): number {
    return (Math.floor(afterMs / this.everyMs) + 1) * this.everyMs;
  }

  latest(untilMs: number, count: number): number[] {
    const last = Math.floor(untilMs / this.everyMs) * this.everyMs;
    return Array.from({ length: count }, (_, i) => last - (count - 1 - i) * this.everyMs);
  }
}

/**
 * A fixed time of day, without `*` and steps in seconds, minutes and hours, comes once every day on which it is due: if the
 * clocks are put forward over it, at the moment at which they are; if they are put back, the first time. Everything else goes
 * by what the clock on the wall shows: not in the gap, and twice in the fold.
 */
class CronTicks implements Ticks {
  private readonly cron: Cron;

  constructor(expression: string, timezone: string) {
    this.cron = new Cron(expression, {
      timezone,
      paused: true,
      mode: '5-or-6-parts',
      fixedTimeRule: 'no-wildcard',
    });
  }

  next(afterMs: number): number | null {
    return this.cron.nextRun(new Date(afterMs))?.getTime() ?? null;
  }

  latest(untilMs: number, count: number): number[] {
    // croner looks before the whole second that it is given.
    const before = new Date((Math.floor(untilMs / SECOND) + 1) * SECOND);
    return this.cron
      .previousRuns(count, before)
      .map((date) => date.getTime())
      .toReversed();
  }
}

import type { Overlap, ScheduleRecord } from '../broker/schedule-store.js';
import type { Duration } from '../options/duration.js';
import { type CatchUp, decodeCatchUp } from './tick-plan.js';
import { decodeTiming, type Timing } from './ticks.js';

/** A schedule as it stands. `null` where there is nothing (yet). */
export interface ScheduleInfo {
  name: string;
  queue: string;
  /** The name of its tasks. */
  task: string;
  /** Of each of its tasks. */
  data: unknown;
  /** Where it ticks by a cron expression. */
  cron: string | null;
  timezone: string | null;
  /** Where it ticks in even spans, in ms. */
  every: Duration | null;
  catchUp: CatchUp;
  overlap: Overlap;
  /** Whose code declares it; `null` for what callers have entered, and where no owner was given. */
  owner: string | null;
  /** Whether code declares it, with `@TaskSchedule`. */
  declared: boolean;
  paused: boolean;
  /** By Redis's clock, as all times here; `null` while it is paused. */
  nextTick: Date | null;
  /** The last one that was made, or left out because of its overlap. */
  lastTick: Date | null;
  /** The last one that was left out because the one before had not ended, or because the queue was full. */
  lastSkipped: Date | null;
  /** The one that waits for the one before to end. */
  queuedTick: Date | null;
}

export function toScheduleInfo(queue: string, record: ScheduleRecord): ScheduleInfo {
  const { name, task, overlap, owner, isDeclared, isPaused, catchUp } = record;
  return {
    name,
    queue,
    task,
    data: dataOf(record.body),
    ...timingOf(record.timing),
    catchUp: decodeCatchUp(catchUp),
    overlap,
    owner,
    declared: isDeclared,
    paused: isPaused,
    nextTick: isPaused ? null : toDate(record.nextMs),
    lastTick: toDate(record.lastMs),
    lastSkipped: toDate(record.skippedMs),
    queuedTick: record.queued === null ? null : new Date(record.queued),
  };
}

/** What cannot be read was written by hand, or by a later version. */
function timingOf(text: string): Pick<ScheduleInfo, 'cron' | 'timezone' | 'every'> {
  let timing: Timing;
  try {
    timing = decodeTiming(text);
  } catch {
    return { cron: null, timezone: null, every: null };
  }
  return 'everyMs' in timing
    ? { cron: null, timezone: null, every: timing.everyMs }
    : { cron: timing.cron, timezone: timing.timezone, every: null };
}

function dataOf(body: string): unknown {
  try {
    return (JSON.parse(`{${body}`) as { data?: unknown }).data ?? null;
  } catch {
    return null;
  }
}

function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

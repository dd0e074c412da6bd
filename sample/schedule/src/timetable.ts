import type { ScheduleInfo } from 'nestjs-redis-task-queue';

/** A line for each schedule: what it is called, when it ticks, and when that is next. */
export function timetable(schedules: readonly ScheduleInfo[]): string[] {
  return schedules.map(({ name, cron, timezone, every, nextTick }) => {
    const timing = cron === null ? `every ${String(every)} ms` : `${cron} (${String(timezone)})`;
    return `${name.padEnd(16)}${timing.padEnd(32)}next at ${nextTick?.toISOString() ?? 'no time'}`;
  });
}

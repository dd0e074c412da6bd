import { InvalidScheduleError } from '../errors/index.js';
import type { CheckedSchedule } from './checked-schedule.js';

/** A schedule that was found in the code. */
export interface DeclaredSchedule extends CheckedSchedule {
  queue: string;
  /** Where it stands, for messages: `ReportTasks.build`. */
  origin: string;
}

/** @throws InvalidScheduleError where two have one name on one queue */
export function refuseDuplicates(schedules: readonly DeclaredSchedule[]): void {
  const found = new Map<string, DeclaredSchedule>();
  for (const schedule of schedules) {
    const { queue, name, origin } = schedule;
    const key = `${queue}:${name}`;
    const other = found.get(key);
    if (other) {
      const allowed = `another name for one of the two on queue "${queue}": ${other.origin} and ${origin}`;
      throw new InvalidScheduleError(name, [{ option: 'name', given: name, allowed }]);
    }
    found.set(key, schedule);
  }
}

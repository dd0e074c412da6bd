import { InvalidScheduleError } from '../errors/index.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import type { CheckedSchedule } from './checked-schedule.js';

/** A schedule that was found in the code. */
export interface FoundSchedule extends CheckedSchedule {
  queue: string;
  /** Where it stands, for messages: `ReportTasks.build`. */
  origin: string;
}

/** The same as configured. */
export interface DeclaredSchedule extends FoundSchedule {
  /** This process neither enters it nor makes its ticks. */
  isOff: boolean;
}

export function configured(
  found: FoundSchedule,
  settings: Pick<TaskQueueSettings, 'handler' | 'declaresSchedules'>,
): DeclaredSchedule {
  const { queue = found.queue } = settings.handler(found.task);
  return { ...found, queue, isOff: !settings.declaresSchedules(queue, found.task) };
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

import { checkTaskName } from '../broker/names.js';
import { TaskDefinition } from '../definition/task-definition.js';
import type { TaskRef } from '../definition/task-ref.js';
import { InvalidScheduleError } from '../errors/index.js';
import { type OwnOptions, ownOptions } from '../producer/own-options.js';
import { checkScheduleName, type CheckedTiming, checkTiming, type GivenTiming } from './schedule-options.js';
import type { PlainTaskOptions } from '../options/task-options.js';

const TASK_OPTIONS = ['attempts', 'backoff', 'retryFor', 'timeout', 'expiresIn', 'priority'];
const OPTIONS = ['cron', 'every', 'timezone', 'data', 'catchUp', 'overlap', ...TASK_OPTIONS];

/** When a schedule ticks, and what its tasks carry: checked, but for the data. */
export interface CheckedTicks extends CheckedTiming {
  data: unknown;
  own: OwnOptions | undefined;
}

/** A schedule that was checked. */
export interface CheckedSchedule extends CheckedTicks {
  name: string;
  task: string;
  /** What is known of all tasks of that name, where somebody has described them. */
  definition: Pick<TaskDefinition, 'queue' | 'schema' | 'settings'> | undefined;
}

/** Whatever a caller gave. */
export type GivenTicks = GivenTiming & PlainTaskOptions & { data?: unknown };

/** @param title what the schedule is called in messages @throws InvalidScheduleError, InvalidOptionsError for options of tasks */
export function checkTicks(title: string, given: GivenTicks, alsoKnown: readonly string[]): CheckedTicks {
  const known = [...OPTIONS, ...alsoKnown];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidScheduleError(title, [
      { option: 'options', given, allowed: `an object with ${known.join(', ')}` },
    ]);
  }
  const unknown = Object.keys(given).filter((option) => !known.includes(option));
  if (unknown.length > 0) {
    const problems = unknown.map((option) => ({
      option,
      given: (given as Record<string, unknown>)[option],
      allowed: `one of ${known.join(', ')}`,
    }));
    throw new InvalidScheduleError(title, problems);
  }
  const { cron, every, timezone, catchUp, overlap, data } = given;
  const timing = checkTiming(title, { cron, every, timezone, catchUp, overlap });
  return { ...timing, data, own: ownOptions(given) };
}

/** @throws InvalidScheduleError, InvalidTaskError, InvalidOptionsError */
export function checkSchedule(name: unknown, given: GivenTicks & { task: TaskRef }): CheckedSchedule {
  checkScheduleName(name);
  const ticks = checkTicks(name, given, ['task', 'queue']);
  const definition = given.task instanceof TaskDefinition ? given.task : undefined;
  const task = definition ? definition.name : (given.task as string);
  checkTaskName(task);
  return { ...ticks, name, task, definition };
}

import type { Overlap } from '../broker/schedule-store.js';
import type { DataOf, DataOption, TaskRef } from '../definition/task-ref.js';
import { InvalidScheduleError, type OptionProblem } from '../errors/index.js';
import type { Duration } from '../options/duration.js';
import { duration, integer, object, oneOf, rule, type Rule } from '../options/option-rules.js';
import type { PlainTaskOptions } from '../options/task-options.js';
import type { CatchUp } from './tick-plan.js';
import { type Ticks, ticksOf, type Timing } from './ticks.js';

/** Beside when a schedule ticks. The options of tasks are those of `add`. */
export interface TickOptions extends PlainTaskOptions {
  /** Of a cron expression: an IANA name such as `'Europe/Berlin'`. @default 'UTC', wherever the process runs */
  timezone?: string | undefined;
  /** Of each task: anything that JSON can carry. @default null */
  data?: unknown;
  /**
   * What becomes of ticks that nobody came to for more than ten seconds, because no worker of the queue was running, or Redis
   * was not: none of them is made, or the last one, or all of them, but no more than this number, the latest ones.
   * @default 'last'
   */
  catchUp?: CatchUp | undefined;
  /**
   * What becomes of a tick while the task of the one before has not ended (attempts that are still to come included): its task is
   * added all the same (`allow`), or is left out (`skip`), or waits for that end (`queue`: one tick at most, further ones are left out).
   * @default 'allow'
   */
  overlap?: Overlap | undefined;
}

/** When a schedule ticks: by the clock on the wall, or in even spans. */
export type ScheduleTiming =
  | {
      /**
       * Five fields (minute, hour, day of month, month, day of week), or six with seconds in front; names, `L`, `#`, `W`, and
       * `@daily` and the like. Days of month and of week are alternatives where both are given.
       */
      cron: string;
      every?: undefined;
    }
  | {
      /** From `'100ms'` to `'365d'`, counted from 1970 on: `'15m'` is at :00, :15, :30 and :45 in UTC. */
      every: Duration;
      cron?: undefined;
    };

/** What `TaskScheduler.upsert` is given. */
export type ScheduleDefinition<Task extends TaskRef = string> = ScheduleTiming &
  TickOptions &
  DataOption<DataOf<Task>> & {
    /** The name of the tasks, which selects their handler, or their definition. */
    task: Task;
    /** @default as of `add` */
    queue?: string | undefined;
  };

/** When a schedule ticks and what becomes of its ticks, checked. */
export interface CheckedTiming {
  timing: Timing;
  ticks: Ticks;
  catchUp: CatchUp;
  overlap: Overlap;
}

/** The names of `TickOptions` and `ScheduleTiming` that are not those of task options. */
export interface GivenTiming {
  cron?: unknown;
  every?: unknown;
  timezone?: unknown;
  catchUp?: unknown;
  overlap?: unknown;
}

const MAX_NAME_BYTES = 200;
const MAX_CATCH_UP = 1_000;
/** One that is no name but an offset has no daylight saving, and not every version of Node knows it. */
const OFFSET = /^[+-]/;
/** A moment in ISO 8601, which croner takes for one as well. */
const FIELDS = /^\s*(@[a-z]+|\S+(\s+\S+){4,5})\s*$/i;

const CRON =
  "five fields: minute, hour, day of month, month, day of week ('0 8 * * 1-5'), or six with seconds in front; or use every: '15m'";
const ZONE = "a time zone that this system knows, by its IANA name, such as 'Europe/Berlin'";

const timingRule = object({
  cron: rule(CRON, (given) => (typeof given === 'string' && FIELDS.test(given) ? given.trim() : undefined)),
  every: duration('100ms', '365d'),
  timezone: rule(ZONE, (given) => (isZone(given) ? given : undefined)),
  catchUp: (given, option, problems) =>
    given === 'none' || given === 'last' ? given : catchUpCount(given, option, problems),
  overlap: oneOf<Overlap>('allow', 'skip', 'queue'),
} satisfies Record<keyof GivenTiming, Rule<unknown>>);

const catchUpCount: Rule<CatchUp> = (given, option, problems) => {
  const before = problems.length;
  const count = integer(1, MAX_CATCH_UP)(given, option, problems);
  if (problems.length > before) {
    problems.splice(before, 1, { option, given, allowed: `'none', 'last', or how many at most, 1 to ${MAX_CATCH_UP}` });
  }
  return count;
};

/** @param title what the schedule is called in messages @throws InvalidScheduleError that names everything that is wrong */
export function checkTiming(title: string, given: GivenTiming): CheckedTiming {
  const problems: OptionProblem[] = [];
  const { cron, every, timezone, catchUp = 'last', overlap = 'allow' } = timingRule(given, '', problems) ?? {};
  if ((given.cron === undefined) === (given.every === undefined)) {
    problems.push({ option: 'cron', given: given.cron, allowed: 'either a cron expression or every, and not both' });
  }
  if (given.every !== undefined && given.timezone !== undefined) {
    const allowed = 'none with every, which counts in spans of the same length everywhere; or use a cron expression';
    problems.push({ option: 'timezone', given: given.timezone, allowed });
  }
  if (typeof catchUp === 'number' && overlap !== 'allow') {
    const allowed = `'none' or 'last' with overlap '${overlap}', for of several ticks at once it would leave out most; or overlap 'allow'`;
    problems.push({ option: 'catchUp', given: catchUp, allowed });
  }
  if (problems.length > 0) throw new InvalidScheduleError(title, problems);

  const timing: Timing = every === undefined ? { cron: cron ?? '', timezone: timezone ?? 'UTC' } : { everyMs: every };
  return { timing, ticks: checkTicks(title, timing), catchUp, overlap };
}

function checkTicks(title: string, timing: Timing): Ticks {
  const given = 'cron' in timing ? timing.cron : timing.everyMs;
  let ticks: Ticks;
  try {
    ticks = ticksOf(timing);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
    throw new InvalidScheduleError(title, [{ option: 'cron', given, allowed: `${CRON} (${reason})` }]);
  }
  if (ticks.next(Date.now()) !== null) return ticks;
  const allowed = 'an expression that some moment meets, and none ever meets this one: look at its days and months';
  throw new InvalidScheduleError(title, [{ option: 'cron', given, allowed }]);
}

/** @throws InvalidScheduleError */
export function checkScheduleName(name: unknown): asserts name is string {
  const isText = typeof name === 'string' && name !== '' && name.isWellFormed() && !/\p{Cc}/u.test(name);
  if (isText && Buffer.byteLength(name) <= MAX_NAME_BYTES) return;
  const allowed = `text of 1 to ${MAX_NAME_BYTES} bytes without control characters`;
  throw new InvalidScheduleError(typeof name === 'string' ? name.slice(0, 80) : '', [
    { option: 'name', given: name, allowed },
  ]);
}

function isZone(given: unknown): given is string {
  if (typeof given !== 'string' || OFFSET.test(given)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: given }).format();
    return true;
  } catch {
    return false;
  }
}

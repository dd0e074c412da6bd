import type { ScheduleInfo } from '../../../../lib/index.js';
import { MISSED_AFTER_MS } from '../../../../lib/schedule/tick-plan.js';
import { type ChaosSchedule, dataOf, tickIdOf, tickOf } from '../schedules.js';
import type { SnapshotStatus } from '../snapshot.js';
import { type PlannedTask, publicIdOf } from '../tasks.js';

/** What became of the schedules of a run. */
export interface Ticks {
  violations: string[];
  /** What their ticks must have become. */
  tasks: PlannedTask[];
  /** By schedule: how many ticks there were, and how many of them were left out. */
  counts: Map<ChaosSchedule, { due: number; leftOut: number }>;
}

/**
 * From the first tick to the last one each has made one task: all of them where tasks may overlap; else those at which the task
 * before had ended, and what nobody came to for so long that it counts as missed may be left out, too.
 *
 * @param first the tick of each that was next when it was entered @param infos how each of them stood at the end
 */
export function checkTicks(
  first: ReadonlyMap<ChaosSchedule, number>,
  infos: ReadonlyMap<ChaosSchedule, ScheduleInfo | null>,
  statuses: ReadonlyMap<string, SnapshotStatus>,
): Ticks {
  const ticks: Ticks = { violations: [], tasks: [], counts: new Map() };
  for (const [schedule, from] of first) {
    const { name, every, overlap } = schedule;
    const info = infos.get(schedule);
    if (info?.queuedTick) ticks.violations.push(`${name}: a tick waits for a task that has ended`);
    const last = info?.lastTick?.getTime() ?? NaN;
    const due = Array.from({ length: (last - from) / every + 1 || 0 }, (_, row) => from + row * every);
    const made = due.filter((at) => statusAt(schedule, at, statuses));
    const early = made.filter((at) => (statusAt(schedule, at, statuses)?.createdAt ?? at) < at);
    ticks.violations.push(...early.map((at) => `${tickIdOf(schedule, at)} was made before its time`));
    if (overlap !== 'allow') ticks.violations.push(...leftOutForNothing(schedule, due, statuses));
    ticks.tasks.push(...(overlap === 'allow' ? due : made).map((at) => taskOf(schedule, at)));
    ticks.counts.set(schedule, { due: due.length, leftOut: due.length - made.length });
  }
  return ticks;
}

function taskOf(schedule: ChaosSchedule, at: number): PlannedTask {
  const { queue } = schedule;
  const id = tickIdOf(schedule, at);
  return { id, queue, kind: 'ticked', data: dataOf(schedule), attempts: 1, options: {} };
}

function statusAt(
  schedule: ChaosSchedule,
  at: number,
  statuses: ReadonlyMap<string, SnapshotStatus>,
): SnapshotStatus | undefined {
  return statuses.get(publicIdOf({ queue: schedule.queue, id: tickIdOf(schedule, at) }));
}

function leftOutForNothing(
  schedule: ChaosSchedule,
  due: readonly number[],
  statuses: ReadonlyMap<string, SnapshotStatus>,
): string[] {
  const violations: string[] = [];
  let before: SnapshotStatus | undefined;
  let leftOut: number[] = [];
  const judge = (after?: SnapshotStatus): void => {
    const wereMissed = after !== undefined && after.createdAt - (leftOut[0] ?? Infinity) > MISSED_AFTER_MS;
    const unjustly = wereMissed ? [] : leftOut.filter((at) => !mayLeaveOut(schedule, at, before));
    violations.push(...unjustly.map((at) => `${tickIdOf(schedule, at)} was left out, though nothing was in its way`));
  };
  for (const at of due) {
    const status = statusAt(schedule, at, statuses);
    if (!status) {
      leftOut.push(at);
      continue;
    }
    judge(status);
    leftOut = [];
    before = status;
  }
  judge();
  return violations;
}

/** Whether the task of the tick before had not ended by then; or, where one may wait for that, waited itself. */
function mayLeaveOut({ overlap }: ChaosSchedule, at: number, before: SnapshotStatus | undefined): boolean {
  if (!before) return false;
  return (overlap === 'queue' ? before.createdAt : before.finishedAt) >= at;
}

/** Of a schedule whose tasks must not overlap, the name. */
export function exclusiveScheduleOf(publicId: string): string | undefined {
  const schedule = tickOf(publicId)?.schedule;
  return schedule && schedule.overlap !== 'allow' ? schedule.name : undefined;
}

import type { Result } from 'ioredis';
import type { TaskState } from '../task-state.js';
import { SCRIPT_KEYS } from './redis-keys.js';
import { addLocked } from './scripts/add-locked.script.js';
import { adoptPlain } from './scripts/adopt-plain.script.js';
import { beat } from './scripts/beat.script.js';
import { cancelScript } from './scripts/cancel.script.js';
import { counts } from './scripts/counts.script.js';
import { discard } from './scripts/discard.script.js';
import { dueSchedules } from './scripts/due-schedules.script.js';
import { enqueue } from './scripts/enqueue.script.js';
import { enqueueInLanes } from './scripts/enqueue-in-lanes.script.js';
import { erase } from './scripts/erase.script.js';
import { erasePlain } from './scripts/erase-plain.script.js';
import { eraseRest } from './scripts/erase-rest.script.js';
import { exchange } from './scripts/exchange.script.js';
import { findTask } from './scripts/find-task.script.js';
import { indexPage } from './scripts/index-page.script.js';
import { leave } from './scripts/leave.script.js';
import { longestWait } from './scripts/longest-wait.script.js';
import { pause } from './scripts/pause.script.js';
import { pauseSchedule } from './scripts/pause-schedule.script.js';
import { whole } from './scripts/preamble.lua.js';
import { purgeDead } from './scripts/purge-dead.script.js';
import { purgeEnded } from './scripts/purge-ended.script.js';
import { recover } from './scripts/recover.script.js';
import { remove } from './scripts/remove.script.js';
import { removeSchedule } from './scripts/remove-schedule.script.js';
import { repairBell } from './scripts/repair-bell.script.js';
import { repairDead } from './scripts/repair-dead.script.js';
import { repairHeld } from './scripts/repair-held.script.js';
import { repairLanes } from './scripts/repair-lanes.script.js';
import { repairList } from './scripts/repair-list.script.js';
import { repairMissing } from './scripts/repair-missing.script.js';
import { repairParked } from './scripts/repair-parked.script.js';
import { repairRetrying } from './scripts/repair-retrying.script.js';
import { repairScheduled } from './scripts/repair-scheduled.script.js';
import { repairStatuses } from './scripts/repair-statuses.script.js';
import { repairWorkers } from './scripts/repair-workers.script.js';
import { report } from './scripts/report.script.js';
import { reprioritize } from './scripts/reprioritize.script.js';
import { reschedule } from './scripts/reschedule.script.js';
import { resume } from './scripts/resume.script.js';
import { revive } from './scripts/revive.script.js';
import { ringAgain } from './scripts/ring-again.script.js';
import { runSchedule } from './scripts/run-schedule.script.js';
import { scheduleScript } from './scripts/schedule.script.js';
import { setGroup } from './scripts/set-group.script.js';
import { setPlain } from './scripts/set-plain.script.js';
import { sweepList } from './scripts/sweep-list.script.js';
import { sweepParked } from './scripts/sweep-parked.script.js';
import { tick } from './scripts/tick.script.js';
import { watchScript } from './scripts/watch.script.js';
import { upsertSchedule } from './scripts/upsert-schedule.script.js';
import { workersScript } from './scripts/workers.script.js';

type Arguments = readonly (string | number)[];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    taskEnqueue(keysAndArguments: Arguments): Result<number[], Context>;
    taskEnqueueInLanes(keysAndArguments: Arguments): Result<number[], Context>;
    taskSchedule(keysAndArguments: Arguments): Result<number[], Context>;
    taskAddLocked(keysAndArguments: Arguments): Result<(number | string)[], Context>;
    taskExchange(keysAndArguments: Arguments): Result<ExchangeAnswer, Context>;
    taskBeat(
      keysAndArguments: Arguments,
    ): Result<
      [alive: number, held: number, expired: number, layout: number, cancelled: string[], scheduleRevision: number],
      Context
    >;
    taskRecover(keysAndArguments: Arguments): Result<RecoverAnswer, Context>;
    taskWatch(keysAndArguments: Arguments): Result<null, Context>;
    taskLeave(keysAndArguments: Arguments): Result<number, Context>;
    taskCancel(keysAndArguments: Arguments): Result<TaskState | null, Context>;
    taskReschedule(keysAndArguments: Arguments): Result<number, Context>;
    taskReprioritize(keysAndArguments: Arguments): Result<number, Context>;
    taskSetGroup(keysAndArguments: Arguments): Result<null, Context>;
    taskLongestWait(keys: Arguments): Result<number, Context>;
    taskCounts(keysAndArguments: Arguments): Result<CountsAnswer, Context>;
    taskReport(keysAndArguments: Arguments): Result<number, Context>;
    taskWorkers(keysAndArguments: Arguments): Result<WorkersAnswer, Context>;
    taskIndexPage(keysAndArguments: Arguments): Result<string[], Context>;
    taskFind(keysAndArguments: Arguments): Result<FindAnswer, Context>;
    taskRevive(keysAndArguments: Arguments): Result<string[], Context>;
    taskDiscard(keysAndArguments: Arguments): Result<number, Context>;
    taskRemove(keysAndArguments: Arguments): Result<RemoveAnswer, Context>;
    taskPause(keysAndArguments: Arguments): Result<number, Context>;
    taskResume(keysAndArguments: Arguments): Result<number, Context>;
    taskSweepList(keysAndArguments: Arguments): Result<SweepListAnswer, Context>;
    taskSweepParked(keysAndArguments: Arguments): Result<SweepParkedAnswer, Context>;
    taskPurgeDead(keysAndArguments: Arguments): Result<number, Context>;
    taskPurgeEnded(keysAndArguments: Arguments): Result<number, Context>;
    taskErase(keysAndArguments: Arguments): Result<EraseAnswer, Context>;
    taskErasePlain(keysAndArguments: Arguments): Result<string, Context>;
    taskEraseRest(keysAndArguments: Arguments): Result<number, Context>;
    taskRingAgain(keysAndArguments: Arguments): Result<null, Context>;
    taskUpsertSchedule(keysAndArguments: Arguments): Result<UpsertAnswer, Context>;
    taskRemoveSchedule(keysAndArguments: Arguments): Result<number, Context>;
    taskPauseSchedule(keysAndArguments: Arguments): Result<number, Context>;
    taskRunSchedule(keysAndArguments: Arguments): Result<[code: number, version?: number], Context>;
    taskDueSchedules(keysAndArguments: Arguments): Result<DueAnswer, Context>;
    taskTick(keysAndArguments: Arguments): Result<number[], Context>;
    taskAdoptPlain(keysAndArguments: Arguments): Result<AdoptAnswer, Context>;
    taskSetPlain(key: string, word: string, ttlMs: number | ''): Result<string | null, Context>;
    taskRepairWorkers(keysAndArguments: Arguments): Result<DamageAnswer, Context>;
    taskRepairHeld(keysAndArguments: Arguments): Result<RepairPageAnswer, Context>;
    taskRepairParked(keysAndArguments: Arguments): Result<RepairPageAnswer, Context>;
    taskRepairScheduled(keysAndArguments: Arguments): Result<RepairPageAnswer, Context>;
    taskRepairRetrying(keysAndArguments: Arguments): Result<RepairPageAnswer, Context>;
    taskRepairDead(keysAndArguments: Arguments): Result<RepairPageAnswer, Context>;
    taskRepairLanes(keysAndArguments: Arguments): Result<DamageAnswer, Context>;
    taskRepairList(keysAndArguments: Arguments): Result<RepairListAnswer, Context>;
    taskRepairStatuses(keysAndArguments: Arguments): Result<[damages: DamageAnswer, open: string[]], Context>;
    taskRepairMissing(keysAndArguments: Arguments): Result<DamageAnswer, Context>;
    taskRepairBell(keysAndArguments: Arguments): Result<[next: string, damages: DamageAnswer], Context>;
  }
}

export type ExchangeAnswer =
  | [alive: 0]
  | [
      alive: 1,
      claimed: string[],
      refused: string[],
      malformed: string[],
      more: number,
      nextDueMs: number,
      rest: number,
      expired: number,
      nowMs: number,
      heldUp: number,
      calledOff?: string[],
    ];

export type CountsAnswer = [
  place: number,
  cursor: string,
  waiting: number,
  held: number,
  scheduled?: number,
  retrying?: number,
  dead?: number,
  paused?: number,
  completed?: number,
  failed?: number,
];

export type WorkersAnswer = [
  cursor: string,
  nowMs: number,
  workers: [worker: string, expiry: number, told: string | null][],
];

export type RecoverAnswer = [] | [worker: string, returned: string[], buried: string[], more: number];

export type FindAnswer = [
  place: '' | 'active' | 'scheduled' | 'dead',
  envelope: string | null,
  workerOrScore: string,
  status: string[],
];

export type UpsertAnswer =
  [code: -1, version: number] | [code: 0 | 1 | 2, next: string] | [code: 3, owner: string] | [code: 4];

export type DueAnswer = [nowMs: number, nextInMs: number, revision: number, due: (string | number)[]];

export type RemoveAnswer = [code: 0 | 1 | 3] | [code: 2, list: string, passed: number];

export type UnknownLayout = [code: -1, layout: number, isOfOther: number];

export type SweepListAnswer =
  | UnknownLayout
  | [mark: string, looked: number, passed: number, markedAt: number, done: number, kept: number, atEnd: number];

export type SweepParkedAnswer = UnknownLayout | [cursor: string, done: number, kept: number];

export type EraseAnswer =
  [code: 0, workers: number, held: number] | [code: 1, momentMs: number, keys: number] | [code: 2];

export type AdoptAnswer = [code: -1, version: number] | [count: number, more: number, malformed: string[]];

/** Kind, id, and 1 if it was mended, over and over. */
export type DamageAnswer = (string | number)[];

export type RepairPageAnswer = [cursor: string, damages: DamageAnswer, ids: string[], bytes: number];

export type RepairListAnswer = [
  passed: number,
  last: string,
  damages: DamageAnswer,
  ids: string[],
  seenBefore: number,
  sightings: string[],
  bytes: number,
];

const script = (body: string, furtherKeys = 0): { lua: string; numberOfKeys: number } => ({
  lua: whole(body),
  numberOfKeys: SCRIPT_KEYS + furtherKeys,
});

/** The option `scripts` of an ioredis client: sent by hash, and in full where Redis does not know the hash (yet). */
export const redisScripts = {
  taskEnqueue: script(enqueue),
  taskEnqueueInLanes: script(enqueueInLanes),
  taskSchedule: script(scheduleScript),
  taskAddLocked: script(addLocked),
  taskExchange: script(exchange),
  taskBeat: script(beat),
  taskRecover: script(recover),
  taskWatch: script(watchScript),
  taskLeave: script(leave),
  taskCancel: script(cancelScript),
  taskReschedule: script(reschedule),
  taskReprioritize: script(reprioritize),
  taskSetGroup: script(setGroup),
  taskLongestWait: script(longestWait),
  taskCounts: script(counts),
  taskReport: script(report),
  taskWorkers: script(workersScript),
  taskIndexPage: script(indexPage),
  taskFind: script(findTask),
  taskRevive: script(revive),
  taskDiscard: script(discard),
  taskRemove: script(remove),
  taskPause: script(pause),
  taskResume: script(resume),
  taskSweepList: script(sweepList, SCRIPT_KEYS),
  taskSweepParked: script(sweepParked, SCRIPT_KEYS),
  taskPurgeDead: script(purgeDead),
  taskPurgeEnded: script(purgeEnded),
  taskErase: script(erase),
  taskErasePlain: script(erasePlain),
  taskEraseRest: script(eraseRest),
  taskRingAgain: script(ringAgain),
  taskUpsertSchedule: script(upsertSchedule),
  taskRemoveSchedule: script(removeSchedule),
  taskPauseSchedule: script(pauseSchedule),
  taskRunSchedule: script(runSchedule),
  taskDueSchedules: script(dueSchedules),
  taskTick: script(tick),
  taskAdoptPlain: script(adoptPlain, 2),
  taskSetPlain: { lua: setPlain, numberOfKeys: 1 },
  taskRepairWorkers: script(repairWorkers),
  taskRepairHeld: script(repairHeld),
  taskRepairParked: script(repairParked),
  taskRepairScheduled: script(repairScheduled),
  taskRepairRetrying: script(repairRetrying),
  taskRepairDead: script(repairDead),
  taskRepairLanes: script(repairLanes),
  taskRepairList: script(repairList),
  taskRepairStatuses: script(repairStatuses),
  taskRepairMissing: script(repairMissing),
  taskRepairBell: script(repairBell),
};

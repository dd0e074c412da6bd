import { setTimeout as delay } from 'node:timers/promises';
import { Consistency } from './checks/consistency.js';
import { checkDamage } from './checks/damage.js';
import { checkDelays } from './checks/delays.js';
import { checkSuccession } from './checks/exclusion.js';
import { checkKeys } from './checks/keys.js';
import { checkEmpty, checkIdle, progressOf, usedMemory } from './checks/leftovers.js';
import { checkOutcomes } from './checks/outcomes.js';
import { checkRecovery } from './checks/recovery.js';
import { StartWatch } from './checks/starts.js';
import { checkTicks } from './checks/ticks.js';
import { injectFaults, scheduleFaults } from './faults/schedule.js';
import { planTasks, QUEUES } from './plan.js';
import { planKeyedAdds } from './plan-keys.js';
import { Random } from './random.js';
import type { RunReport } from './report.js';
import { linesOf, readJournals } from './run-journal.js';
import type { RunSettings } from './settings.js';
import { type Snapshot, takeSnapshot } from './snapshot.js';
import { Stage } from './stage.js';
import { publicIdOf } from './tasks.js';
import { enterSchedules, pauseSchedules, removeSchedules } from './timetable.js';

const SNAPSHOT_EVERY_MS = 1_500;
/** Redis does nothing else meanwhile, so snapshots must not take more than this part of its time. */
const SNAPSHOT_SHARE = 0.05;
const PING_EVERY_MS = 50;
/** An answer that takes longer tells of a machine that is too busy, or of a Redis that is. */
const SLOW_PING_MS = 200;
/** Once the faults are over: without any progress for so long, or not at the end after so long, a run has failed. */
const STUCK_AFTER_MS = 30_000;
const SETTLE_WITHIN_MS = 300_000;

/** One run, from an empty Redis to an empty Redis. */
export async function runChaos(settings: RunSettings): Promise<RunReport> {
  const startedAt = performance.now();
  const stage = await Stage.open(settings);
  let keepFolder = true;
  try {
    const memoryBefore = await usedMemory(stage.redis);
    const consistency = new Consistency();
    const starts = new StartWatch(stage.redis);
    const watching = new AbortController();
    const { signal } = watching;
    const firstTicks = await enterSchedules(stage.server.url);
    await stage.start();
    const watches = [watchSnapshots(stage, consistency, signal), watchStalls(stage, signal), starts.run(signal)];
    await injectFaults(stage, scheduleFaults(new Random(~settings.seed), settings));
    await stage.calm();
    const late = await waitUntilSettled(stage);
    watching.abort();
    await Promise.all(watches);

    const snapshots = await takeSnapshots(stage);
    for (const snapshot of snapshots) consistency.check(snapshot);
    const notIdle = late.length > 0 ? [] : await checkIdle(stage.redis, settings.workers);
    const damages = await checkDamage(stage.server.url);
    const schedules = await removeSchedules(stage.server.url);
    await Promise.all(stage.workers.map((worker) => worker.close()));

    const plan = planTasks(new Random(settings.seed), settings);
    const journal = readJournals(stage.folder);
    const statuses = new Map(snapshots.flatMap((snapshot) => [...snapshot.statuses]));
    const ticks = checkTicks(firstTicks, schedules, statuses);
    const keys = checkKeys(planKeyedAdds(new Random(settings.seed), settings), snapshots, journal, stage.incidents);
    const tasks = [...plan, ...ticks.tasks, ...keys.tasks];
    const outcomes = checkOutcomes(tasks, snapshots, journal);
    const recoveries = checkRecovery(journal, snapshots, stage.incidents, settings.leaseMs);
    const accepted = new Set(linesOf(journal, 'accepted').map(({ id }) => id));
    const notAccepted = plan.map(publicIdOf).filter((id) => !accepted.has(id));
    const empty = await checkEmpty(stage.redis, snapshots, memoryBefore);
    const violations = [
      ...late,
      ...stage.incidents.problems,
      ...notAccepted.map((id) => `${id} was not accepted`),
      ...consistency.violations,
      ...outcomes.violations,
      ...recoveries.violations,
      ...checkDelays(tasks, snapshots, journal),
      ...ticks.violations,
      ...keys.violations,
      ...checkSuccession(snapshots, journal),
      ...starts.check(plan),
      ...notIdle,
      ...damages,
      ...(late.length > 0 ? [] : empty.violations),
    ];
    keepFolder = violations.length > 0;
    return {
      settings,
      violations,
      tookMs: performance.now() - startedAt,
      plan,
      journal,
      outcomes,
      recoveries,
      ticks,
      keys,
      starts,
      faults: stage.incidents.faults,
      snapshots: consistency.snapshots,
      workerStarts: stage.workers.reduce((sum, { starts }) => sum + starts, 0),
      memoryBefore,
      memoryAfter: empty.memoryAfter,
      folder: stage.folder,
    };
  } finally {
    await stage.close({ keepFolder });
  }
}

async function watchSnapshots(stage: Stage, consistency: Consistency, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now();
    for (const snapshot of await takeSnapshots(stage)) consistency.check(snapshot);
    const pauseMs = Math.max(SNAPSHOT_EVERY_MS, (performance.now() - begun) / SNAPSHOT_SHARE);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Finds out when Redis or the machine stood still, for whatever reason. */
async function watchStalls({ redis, incidents }: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const from = Date.now();
    await redis.ping();
    const to = Date.now();
    if (to - from > SLOW_PING_MS) incidents.outages.push({ from, to });
    await delay(PING_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function takeSnapshots({ redis }: Stage): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const queue of Object.keys(QUEUES)) snapshots.push(await takeSnapshot(redis, queue));
  return snapshots;
}

/** Also sees to it that schedules tick no more. @returns what is late, in words */
async function waitUntilSettled(stage: Stage): Promise<string[]> {
  const deadline = performance.now() + SETTLE_WITHIN_MS;
  let isAdded = false;
  void Promise.all(stage.producers.map(({ done }) => done))
    .then(() => pauseSchedules(stage.server.url))
    .then((problems) => problems.forEach((problem) => stage.incidents.problem(problem)))
    .catch((error: unknown) => stage.incidents.problem(`Schedules could not be paused: ${String(error)}`))
    .then(() => (isAdded = true));
  let last = '';
  let stuckAt = Infinity;
  while (performance.now() < Math.min(deadline, stuckAt)) {
    const { isSettled, mark } = await progressOf(stage.redis);
    if (isAdded && isSettled) return [];
    if (mark !== last) stuckAt = performance.now() + STUCK_AFTER_MS;
    last = mark;
    await delay(200);
  }
  const what = performance.now() > stuckAt ? 'nothing goes on any more' : 'it takes too long';
  return [`After the last fault ${what}: ${isAdded ? 'not all tasks have ended' : 'not all tasks were added'}`];
}

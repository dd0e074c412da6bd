import type { Outcome } from '../../../../lib/broker/exchange.js';
import { RETENTION } from '../../../support/broker-fixture.js';
import { type Model, NOT_DUE } from './model.js';
import { heldBy, type ModelTask, type ModelWorker } from './model-task.js';

const PROMOTE_PAGE = 16;

export interface ModelRequest {
  outcomes: readonly Outcome[];
  want: number;
  marks: boolean;
  probes: boolean;
  maxLost: number;
  /** Changes how long a lease lasts, and nothing else. */
  restMs?: number;
}

export interface ModelReply {
  claimed: ModelTask[];
  refused: string[];
  cancelled: string[];
  malformed: string[];
  more: boolean;
  hasScheduled: boolean;
  rests: boolean;
  holdsUnknown: boolean;
  expired: boolean;
}

/**
 * Settles, then promotes, then claims.
 * @param freshIds those that Redis has made up in this call, in that order
 */
export function exchange(
  model: Model,
  worker: string,
  request: ModelRequest,
  freshIds: Iterator<string>,
): ModelReply | null {
  const mine = model.alive(worker);
  if (!mine) return null;
  const finished: string[] = [];
  const refused: string[] = [];
  const cancelled: string[] = [];
  for (const outcome of request.outcomes) {
    const task = heldBy(mine, outcome.id);
    if (outcome.kind === 'began' || outcome.kind === 'progress') {
      if (task) report(model, task, outcome);
    } else if (task) {
      mine.held.delete(task);
      if (task.calledOff !== null) cancelled.push(task.id);
      const ending = task.calledOff === null ? outcome : calledOff(task);
      if (settle(model, task, ending, request.maxLost)) finished.push(task.id);
    } else {
      refused.push(outcome.id);
    }
  }
  model.nextMoment();
  promote(model, request.maxLost);
  const want = model.isPaused ? 0 : request.want;
  const { claimed, malformed } = claim(model, mine, { ...request, want }, freshIds);
  model.recent.unshift(...finished.reverse());
  if (finished.length + malformed.length > 0) model.trimDead(RETENTION.deadLetterTtlMs);
  // Whoever leaves something behind rings, and nobody needs more than one token.
  const more = model.queue.length > 0 || model.dueTasks().length > 0;
  if (more) model.ring();
  model.tokens = Math.min(1, model.tokens);
  const isIdle = (request.restMs ?? 0) > 0 && claimed.length === 0;
  return {
    claimed,
    refused,
    cancelled,
    malformed,
    more: more && !model.isPaused,
    hasScheduled: model.scheduled.size > 0,
    rests: isIdle && mine.held.size === 0 && model.workers.size === 1,
    holdsUnknown: isIdle && mine.held.size > 0,
    expired: model.someoneExpired(),
  };
}

function report(model: Model, task: ModelTask, outcome: Outcome): void {
  if (outcome.kind === 'progress') return model.write(task, { progress: outcome.progress });
  model.write(task, { state: 'active', attempt: task.attempt + 1 });
  if (outcome.kind === 'began' && outcome.isAlone !== undefined) model.write(task, { isAlone: outcome.isAlone });
}

/** However its run went: whoever called it off was told that it ends so. */
function calledOff({ id, calledOff: reason }: ModelTask): Outcome {
  return { kind: 'cancelled', id, reason: reason ?? '', ttlMs: RETENTION.cancelledTtlMs };
}

/** @returns whether the task is finished */
function settle(model: Model, task: ModelTask, outcome: Outcome, maxLost: number): boolean {
  switch (outcome.kind) {
    case 'completed':
      model.end(task, outcome.ttlMs, {
        state: 'completed',
        attempt: task.attempt + 1,
        result: outcome.result ?? null,
      });
      return true;
    case 'unrecorded':
      model.end(task, outcome.ttlMs, {
        state: 'completed',
        attempt: task.attempt + 1,
        unrecorded: outcome.reason,
      });
      return true;
    case 'failed':
      task.attempt++;
      model.bury(task, outcome.ttlMs, nameOf(outcome.error));
      return true;
    case 'cancelled':
      model.end(task, outcome.ttlMs, { state: 'cancelled', reason: outcome.reason });
      return true;
    case 'expired':
      model.end(task, outcome.ttlMs, { state: 'cancelled', reason: 'expired', attempt: task.attempt });
      return true;
    case 'retrying':
      task.attempt++;
      task.hasFirst = true;
      schedule(model, task, outcome.delayMs);
      model.write(task, { state: 'retrying', attempt: task.attempt });
      model.noteError(task, nameOf(outcome.error));
      return false;
    case 'deferred':
      task.missed++;
      schedule(model, task, outcome.delayMs);
      model.write(task, { state: 'scheduled', attempt: task.attempt });
      return false;
    case 'snoozed':
      schedule(model, task, outcome.delayMs);
      model.write(task, { state: 'scheduled', attempt: task.attempt });
      return false;
    case 'released':
      homeOf(model, task, maxLost).unshift(task);
      model.write(task, { state: 'waiting', attempt: task.attempt });
      model.ring();
      return false;
    default:
      throw new Error(`${outcome.kind} does not settle`);
  }
}

export function nameOf(error: string): string {
  return (JSON.parse(error) as { name: string }).name;
}

function schedule(model: Model, task: ModelTask, delayMs: number): void {
  model.makeRoom(task.id);
  model.scheduled.set(task, delayMs === 0 ? model.moment : NOT_DUE);
}

/** What is a dead letter if it is lost once more must be taken one at a time. */
function homeOf(model: Model, task: ModelTask, maxLost: number): ModelTask[] {
  return task.lost !== null && task.lost >= maxLost ? model.suspects : model.queue;
}

/** What is due joins the end of the queue, earliest first. */
function promote(model: Model, maxLost: number): void {
  for (const task of model.dueTasks().slice(0, PROMOTE_PAGE)) {
    model.scheduled.delete(task);
    const home = homeOf(model, task, maxLost);
    home.push(task);
    if (home === model.suspects) model.ring();
    model.write(task, { state: 'waiting' });
  }
}

function claim(
  model: Model,
  mine: ModelWorker,
  { want, marks, probes }: ModelRequest,
  freshIds: Iterator<string>,
): Pick<ModelReply, 'claimed' | 'malformed'> {
  const claimed: ModelTask[] = [];
  const malformed: string[] = [];
  const suspects = probes && want > 0 ? model.suspects.splice(0, 1) : [];
  if (suspects.length > 0 && model.suspects.length > 0) model.ring();
  for (let taken = 0; taken < want; taken++) {
    const task = suspects.shift() ?? model.takeNext();
    if (!task) break;
    if (task.isGap) {
      taken--;
      continue;
    }
    if (task.foreign) adopt(model, task, freshIds);
    if (task.foreign) {
      model.bury(task, RETENTION.deadLetterTtlMs, 'malformed');
      malformed.push(task.id);
    } else if (task.calledOff === null) {
      mine.held.add(task);
      claimed.push(task);
      // What a dead worker held is marked when its next one asks for it; all else may be done before anybody looks.
      if (task.lost === null && marks) model.write(task, { state: 'active' });
      if (task.attempt > 0 || (task.lost === null && marks)) model.write(task, { attempt: task.attempt + 1 });
    } else {
      model.write(task, { isPending: false });
      taken--; // that costs nobody a slot
    }
  }
  return { claimed, malformed };
}

/** What is no task at all stays foreign. */
function adopt(model: Model, task: ModelTask, freshIds: Iterator<string>): void {
  const { isTask, wantedId } = task.foreign!;
  const hasOwn = wantedId !== undefined && !model.statuses.has(wantedId);
  task.id = hasOwn ? wantedId : String(freshIds.next().value);
  if (isTask) task.foreign = null;
  model.write(task, { state: 'waiting', name: isTask ? 'task' : '' });
}

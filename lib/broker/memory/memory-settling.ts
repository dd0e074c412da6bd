import { type ExchangeReply, type ExchangeRequest, type Interim, isInterim, type Outcome } from '../exchange.js';
import type { TaskState } from '../task-state.js';
import type { MemoryQueue, MemoryWorker } from './memory-queue.js';
import { type MemoryTask, putOffRun } from './memory-task.js';

type Ending = Exclude<Outcome, Interim | { kind: 'began' }>;

/**
 * What becomes of tasks that a worker held.
 * @returns the ids of those that it did not hold (any more), and of those that had been called off before
 */
export function settle(
  queue: MemoryQueue,
  worker: MemoryWorker,
  request: ExchangeRequest,
): Pick<ExchangeReply, 'refused' | 'cancelled'> {
  const { outcomes, retention } = request;
  const [refused, cancelled]: [string[], string[]] = [[], []];
  const locks = new Map(outcomes.map(({ id }) => [id, queue.statuses.get(id)?.lock]));
  for (const outcome of outcomes) {
    const { id } = outcome;
    const task = worker.held.get(id);
    if (outcome.kind === 'began' || isInterim(outcome)) {
      if (task) report(queue, task, outcome);
    } else if (!task) {
      refused.push(id);
    } else {
      queue.statuses.introduce(task);
      // Whoever called it off was told that it ends so: however the run went, this is what counts.
      const reason = queue.takeCancel(id);
      if (reason !== undefined) cancelled.push(id);
      const { cancelledTtlMs: ttlMs } = retention;
      end(queue, task, reason === undefined ? outcome : { kind: 'cancelled', id, reason, ttlMs }, request.maxLost);
      worker.held.delete(id);
      queue.lines.groups.freeSlot(id);
    }
  }
  for (const [id, lock] of locks) queue.ended(id, lock);
  return { refused, cancelled };
}

/** Its run has begun. */
export function begin({ statuses }: MemoryQueue, task: MemoryTask, started: number): void {
  const attempt = task.attempt + 1;
  statuses.introduce(task);
  statuses.write(task.id, { state: 'active', started, ...(attempt > 1 && { attempt }) });
}

function report(queue: MemoryQueue, task: MemoryTask, outcome: Exclude<Outcome, Ending>): void {
  const { statuses, clock } = queue;
  if (outcome.kind === 'logged') return queue.logs.append(task.id, outcome.lines);
  if (outcome.kind === 'progress') return statuses.write(task.id, { progress: outcome.progress });
  begin(queue, task, clock.nowMs - outcome.ranMs);
  if (outcome.isAlone !== undefined) statuses.write(task.id, { hadCompany: !outcome.isAlone });
}

function end(queue: MemoryQueue, task: MemoryTask, outcome: Ending, maxLost: number): void {
  const { statuses } = queue;
  const { nowMs } = queue.clock;
  const { id } = task;
  switch (outcome.kind) {
    case 'completed':
    case 'unrecorded': {
      const kept =
        'result' in outcome ? { result: outcome.result } : 'reason' in outcome ? { unrecorded: outcome.reason } : {};
      statuses.write(id, { state: 'completed', finished: nowMs, ...kept });
      if (outcome.ranMs > 0) statuses.write(id, { started: nowMs - outcome.ranMs });
      return queue.keepFor(id, outcome.ttlMs);
    }
    case 'failed':
      task.attempt++;
      statuses.write(id, { started: nowMs - outcome.ranMs });
      return queue.bury(task, task.attempt, outcome.error, outcome.ttlMs);
    case 'retrying':
      task.attempt++;
      task.first ??= nowMs - outcome.ranMs;
      queue.park(task, nowMs + outcome.delayMs);
      statuses.write(id, { state: 'retrying', started: nowMs - outcome.ranMs });
      return statuses.noteError(id, task.attempt, outcome.error);
    case 'cancelled':
      return queue.endCancelled(id, outcome.reason, outcome.ttlMs);
    case 'expired':
      statuses.unclaim(task, 'cancelled');
      return queue.endCancelled(id, 'expired', outcome.ttlMs);
    case 'snoozed':
      putOffRun(task);
      return putOff(queue, task, outcome.delayMs);
    case 'deferred':
      task.missed++;
      return putOff(queue, task, outcome.delayMs);
    case 'limited':
      queue.limitedUntil = Math.max(queue.limitedUntil, nowMs + outcome.delayMs);
      return giveBack(queue, task, maxLost, true);
    case 'released':
      return giveBack(queue, task, maxLost, outcome.began);
  }
}

function putOff(queue: MemoryQueue, task: MemoryTask, delayMs: number): void {
  queue.park(task, queue.clock.nowMs + delayMs);
  unclaim(queue, task, 'scheduled');
}

function giveBack(queue: MemoryQueue, task: MemoryTask, maxLost: number, began: boolean): void {
  if (began) putOffRun(task);
  queue.lines.comeBack(task, maxLost, true);
  unclaim(queue, task, 'waiting');
  queue.ring();
}

function unclaim({ statuses }: MemoryQueue, task: MemoryTask, state: TaskState): void {
  statuses.unclaim(task, state);
}

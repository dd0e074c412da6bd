import type { ExchangeReply, ExchangeRequest } from '../exchange.js';
import { MemoryClaiming } from './memory-claiming.js';
import type { MemoryQueue } from './memory-queue.js';
import { settle } from './memory-settling.js';
import { toEnvelope } from './memory-task.js';

/** What waits for the end of another task looks again after that, in case that nobody told it. */
const LOOKS_AT_OTHER_MS = 10_000;

/** Settles, then lets come what is due, then claims. @returns `null` for a worker that was declared dead, or never joined */
export function exchange(queue: MemoryQueue, request: ExchangeRequest): ExchangeReply | null {
  const { leaseMs, restMs } = request;
  const { nowMs } = queue.clock;
  const worker = queue.alive(request.worker);
  if (!worker) return null;
  if (worker.expiry < nowMs + leaseMs * 0.8) worker.expiry = nowMs + leaseMs;
  const { refused, cancelled } = settle(queue, worker, request);
  promote(queue, request.maxLost);
  const claiming = new MemoryClaiming(queue, worker, request);
  claiming.run();
  queue.trimDead(request.retention);
  const { claimed, more, heldUpUntil } = claiming;
  const isHeldUp = heldUpUntil !== undefined;
  if (more || isHeldUp) queue.ring();
  if (more && request.limits?.globalConcurrency !== undefined) queue.ringRoom();

  const isIdle = restMs > 0 && claimed.length === 0;
  const rests = isIdle && worker.held.size === 0 && queue.workers.size === 1;
  if (rests) worker.expiry = nowMs + restMs;
  else worker.expiry = Math.min(worker.expiry, nowMs + leaseMs);
  const nextAt = isHeldUp ? heldUpUntil : Math.min(queue.scheduled.firstDue ?? Infinity, claiming.looksAt);
  return {
    claimed: claimed.map(toEnvelope),
    refused,
    cancelled,
    malformed: [],
    more,
    nextDueMs: nextAt === null || nextAt === Infinity ? null : Math.max(0, nextAt - nowMs),
    isHeldUp,
    rests,
    holdsUnknown: isIdle && worker.held.size > 0,
    expired: queue.hasExpired,
    nowMs,
  };
}

/** Whatever is due joins the end of the queue, earliest first. */
function promote(queue: MemoryQueue, maxLost: number): void {
  const { statuses, scheduled, clock, lines } = queue;
  for (const task of scheduled.take(clock.nowMs)) {
    const after = statuses.get(task.id)?.after;
    if (after !== undefined && !statuses.hasEnded(after)) {
      scheduled.add(task, clock.nowMs + LOOKS_AT_OTHER_MS);
      continue;
    }
    lines.comeBack(task, maxLost, false);
    statuses.write(task.id, { state: 'waiting', due: undefined });
  }
}

import type { Retention } from '../exchange.js';
import type { Recovery } from '../task-broker.js';
import type { MemoryQueue } from './memory-queue.js';
import { isSuspect, type MemoryTask } from './memory-task.js';

const SPARED_MAX = 2;

/** Puts back what one worker held whose lease has run out. */
export function recover(queue: MemoryQueue, maxLost: number, retention: Retention): Recovery | null {
  const { workers, clock, lines } = queue;
  const [first] = [...workers]
    .filter(([, { expiry }]) => expiry <= clock.nowMs)
    .sort(([, a], [, b]) => a.expiry - b.expiry);
  if (!first) return null;
  const [name, worker] = first;
  worker.expiry = 0;
  const recovery: Recovery = { worker: name, returned: [], buried: [], more: false };
  // Newest first: the oldest then stands at the very head of the queue.
  const tasks = [...worker.held.values()].sort((one, other) => (one.id < other.id ? 1 : -1));
  for (const task of tasks) {
    const lock = queue.statuses.get(task.id)?.lock;
    worker.held.delete(task.id);
    const fate = recoverTask(queue, task, name, maxLost, retention);
    if (fate) recovery[fate].push(task.id);
    lines.groups.freeSlot(task.id);
    queue.ended(task.id, lock);
  }
  queue.trimDead(retention);
  if (tasks.length > 0) queue.ring();
  workers.delete(name);
  return { ...recovery, more: [...workers.values()].some(({ expiry }) => expiry <= clock.nowMs) };
}

function recoverTask(
  queue: MemoryQueue,
  task: MemoryTask,
  worker: string,
  maxLost: number,
  { deadLetterTtlMs, cancelledTtlMs }: Retention,
): 'returned' | 'buried' | undefined {
  const { statuses, lines } = queue;
  const { id } = task;
  const hadBegun = statuses.get(id)?.state === 'active';
  const isCharged = hadBegun && !isSpared(queue, task, maxLost);
  const lost = (task.lost ?? 0) + Number(isCharged);
  Object.assign(task, { lost, attempt: task.attempt + Number(hadBegun) });
  statuses.introduce(task);
  const reason = queue.takeCancel(id);
  if (reason !== undefined) {
    queue.endCancelled(id, reason, cancelledTtlMs);
    return undefined;
  }
  if (!hadBegun) statuses.unclaim(task, 'waiting');
  if (maxLost === 0 || lost > maxLost) {
    const message = `Lost ${lost} times: these workers died with it: ${noteKiller(queue, id, worker).join(', ')}`;
    const why = maxLost === 0 ? lostWith(worker) : JSON.stringify({ name: 'lost too often', message });
    queue.bury(task, task.attempt + Number(!hadBegun), why, deadLetterTtlMs);
    return 'buried';
  }
  lines.comeBack(task, maxLost, true);
  if (hadBegun) {
    statuses.noteError(id, task.attempt, lostWith(worker));
    noteKiller(queue, id, worker);
    statuses.write(id, { state: 'waiting', attempt: task.attempt });
  }
  return 'returned';
}

/** Whether the loss of a suspect may be another one's fault. */
function isSpared({ statuses }: MemoryQueue, task: MemoryTask, maxLost: number): boolean {
  const { hadCompany, spared = 0 } = statuses.get(task.id) ?? {};
  if (maxLost === 0 || !isSuspect(task, maxLost) || !hadCompany) return false;
  statuses.write(task.id, { spared: spared + 1 });
  return spared < SPARED_MAX;
}

/** @returns all who died with it so far */
function noteKiller({ statuses }: MemoryQueue, id: string, worker: string): string[] {
  const names = [...(statuses.get(id)?.lostWith ?? []), worker];
  statuses.write(id, { lostWith: names });
  return names;
}

function lostWith(worker: string): string {
  return JSON.stringify({ name: 'lost', message: `Worker ${worker} died with it` });
}

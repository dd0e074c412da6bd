import type { DebounceLock } from '../lock.js';
import type { Due, Enqueued, NewTask } from '../task-broker.js';
import type { MemoryQueue } from './memory-queue.js';
import { contentOf, type MemoryTask, memoryTask } from './memory-task.js';

/** How tasks come into a queue. All rows of one call have the same room, which was left when it began. */
export class MemoryAdding {
  constructor(private readonly queue: MemoryQueue) {}

  enqueue(tasks: readonly NewTask[], maxLength: number, withStatus: boolean): Enqueued[] {
    const { statuses } = this.queue;
    return tasks.map((task) => {
      const hasStatus = withStatus || task.token !== '';
      const isKnown = hasStatus && statuses.get(task.id) !== undefined;
      if (!isKnown && this.isFull(task, maxLength)) return 'full';
      return this.create(task, undefined, hasStatus);
    });
  }

  schedule(tasks: readonly NewTask[], maxLength: number): Enqueued[] {
    const { statuses, scheduled } = this.queue;
    return tasks.map((task) => {
      if (!statuses.get(task.id) && scheduled.size >= maxLength) return 'full';
      return this.create(task, this.dueAt(task.due ?? { inMs: 0 }), true);
    });
  }

  addLocked(tasks: readonly NewTask[], maxLength: number): Enqueued[] {
    return tasks.map((task) => {
      const { lock } = task;
      if (!lock) throw new Error(`Task ${task.id} has no lock`);
      if (this.queue.statuses.get(task.id)?.state !== undefined) return 'created';
      if (!('until' in lock)) return this.debounce(task, lock, maxLength);
      const holder = this.queue.locks.holder(lock);
      if (holder !== undefined) return { heldBy: holder };
      const answer = this.addWithLock(task, task.due && this.dueAt(task.due), maxLength);
      if (answer === 'created') this.queue.locks.hold(lock, task.id);
      return answer;
    });
  }

  /** What is overdue is due at once. */
  dueAt(due: Due): number {
    const { nowMs } = this.queue.clock;
    return 'inMs' in due ? nowMs + due.inMs : Math.max(nowMs, due.atMs);
  }

  private debounce(task: NewTask, lock: DebounceLock, maxLength: number): Enqueued {
    const { statuses, locks, clock } = this.queue;
    const { pending, before } = locks.debounced(lock);
    const first = statuses.get(pending)?.created ?? clock.nowMs;
    const wanted = Math.min(this.dueAt(task.due ?? { inMs: 0 }), first + lock.maxWaitMs);
    const due = Math.max(clock.nowMs, wanted);
    let [id, answer]: [string, Enqueued] = [task.id, 'created'];
    if (pending !== '') {
      [id, answer] = [pending, { replaced: pending }];
      this.replace(task, id, due);
    } else {
      answer = this.addWithLock(task, due, maxLength);
      if (answer !== 'created') return answer;
    }
    if (lock.waitsForRun && before !== '') statuses.write(id, { after: before });
    locks.hold(lock, id, before);
    return answer;
  }

  private addWithLock(task: NewTask, due: number | undefined, maxLength: number): Enqueued {
    const isFull = due === undefined ? this.isFull(task, maxLength) : this.queue.scheduled.size >= maxLength;
    if (isFull) return 'full';
    const answer = this.create(task, due, true);
    if (task.lock) this.queue.statuses.write(task.id, { lock: task.lock.key });
    return answer;
  }

  /** The data of one that waits, for its time or for a worker. */
  private replace({ envelope, expiresInMs, priority, group }: NewTask, id: string, due: number): void {
    const { scheduled, lines, statuses, clock } = this.queue;
    const content = contentOf(envelope);
    const parked = scheduled.remove(id);
    const task = parked?.task ?? lines.find(id);
    if (!task) return;
    const from = parked ? due : clock.nowMs;
    Object.assign(task, { content, expiresAt: expiresInMs === undefined ? undefined : from + expiresInMs });
    if (parked) {
      Object.assign(task, { priority, group });
      scheduled.add(task, due);
      statuses.write(id, { due, priority, group });
    }
    this.queue.added(task, parked ? due : undefined);
    this.queue.ring();
  }

  private create(newTask: NewTask, due: number | undefined, hasStatus: boolean): Enqueued {
    const { statuses, lines, clock } = this.queue;
    const { id, name, token, expiresInMs, priority, group } = newTask;
    if (hasStatus) {
      const state = due === undefined ? 'waiting' : 'scheduled';
      const answer = statuses.create(id, { state, name, token, priority, group });
      if (answer !== 'created') return answer === 'again' ? 'created' : 'known';
    }
    const expiresAt = expiresInMs === undefined ? undefined : (due ?? clock.nowMs) + expiresInMs;
    const task: MemoryTask = memoryTask(newTask, clock.nowMs, expiresAt);
    if (due === undefined) lines.add(task);
    else this.queue.park(task, due);
    this.queue.added(task, due);
    this.queue.ring();
    return 'created';
  }

  /** The tasks of each group are counted by themselves. */
  private isFull({ group }: NewTask, maxLength: number): boolean {
    const { lines } = this.queue;
    return (group === undefined ? lines.ungroupedCount : lines.groups.of(group).length) >= maxLength;
  }
}

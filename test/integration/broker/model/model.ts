import type { BeatReply, Enqueued, NewTask, Recovery } from '../../../../lib/broker/task-broker.js';
import type { TaskState } from '../../../../lib/broker/task-state.js';
import {
  byText,
  heldBy,
  isTerminal,
  type ModelStatus,
  modelGap,
  modelStatus,
  type ModelTask,
  modelTask,
  type ModelWorker,
} from './model-task.js';

/** The place of what is scheduled for later. What is due at once comes behind all that was due before. */
export const NOT_DUE = Infinity;
const ERRORS_KEPT = 5;
const RECOVER_PAGE = 25;
const SPARED_MAX = 2;

/**
 * One partition as the design describes it, in plain collections. A task stands in exactly one of `queue`, `suspects`,
 * `scheduled`, `dead` and the `held` of one worker, or has ended.
 */
export class Model {
  /** The head, which is claimed next, comes first. */
  readonly queue: ModelTask[] = [];
  readonly suspects: ModelTask[] = [];
  /** With the place in which it is due: `NOT_DUE` before its time. */
  readonly scheduled = new Map<ModelTask, number>();
  readonly dead = new Map<string, ModelTask>();
  /** Dead letters that are older than the queue keeps them. */
  readonly overdue = new Set<ModelTask>();
  readonly workers = new Map<string, ModelWorker>();
  readonly statuses = new Map<string, ModelStatus>();
  /** Ids finished last, the latest first. */
  readonly recent: string[] = [];
  /** Everything that was ever accepted. */
  readonly tasks: ModelTask[] = [];
  tokens = 0;
  /** The place of what is due now. Tests that let time pass use places before all of these. */
  moment = 1e12;

  enqueue(newTasks: readonly NewTask[], maxLength: number, withStatus = true): Enqueued[] {
    const room = maxLength - this.queue.length;
    let created = 0;
    const answers = newTasks.map(({ id, name, token, envelope, priority }): Enqueued => {
      const hasStatus = withStatus || token !== '';
      const known = hasStatus && this.statuses.get(id);
      if (known) return token === known.token ? 'created' : 'known';
      if (created >= room) return 'full';
      created++;
      const { data } = JSON.parse(envelope) as { data: string };
      if (hasStatus) this.statuses.set(id, { ...modelStatus(), state: 'waiting', name, token, priority });
      this.accept(modelTask(id, data, priority));
      return 'created';
    });
    if (created > 0) this.ring();
    return answers;
  }

  /** @param isDue whether their time is now, or far off */
  schedule(newTasks: readonly NewTask[], isDue: boolean, maxLength: number): Enqueued[] {
    const room = maxLength - this.scheduled.size;
    const first = this.dueTasks()[0];
    let created = 0;
    const answers = newTasks.map(({ id, name, token, envelope, priority }): Enqueued => {
      const known = this.statuses.get(id);
      if (known) return token === known.token ? 'created' : 'known';
      if (created >= room) return 'full';
      created++;
      const task = modelTask(id, (JSON.parse(envelope) as { data: string }).data, priority);
      this.statuses.set(id, { ...modelStatus(), state: 'scheduled', name, token, priority });
      this.tasks.push(task);
      this.makeRoom(id);
      this.scheduled.set(task, isDue ? this.moment : NOT_DUE);
      this.nextMoment();
      return 'created';
    });
    if (created > 0 && isDue && !first) this.ring();
    return answers;
  }

  reschedule(id: string, isDue: boolean): boolean {
    const task = [...this.scheduled.keys()].find((each) => each.id === id);
    if (!task) return false;
    this.scheduled.delete(task);
    const first = this.dueTasks()[0];
    this.scheduled.set(task, isDue ? this.moment : NOT_DUE);
    this.nextMoment();
    if (isDue && !first) this.ring();
    return true;
  }

  nextMoment(): void {
    this.moment++;
  }

  /** Those whose time has come, earliest first. */
  dueTasks(): ModelTask[] {
    const due = [...this.scheduled].filter(([, place]) => place !== NOT_DUE);
    due.sort(([one, place], [other, otherPlace]) => place - otherPlace || byText(one.id, other.id));
    return due.map(([task]) => task);
  }

  /** To the end of the queue, as `LPUSH` does. */
  accept(task: ModelTask): void {
    this.tasks.push(task);
    this.queue.push(task);
  }

  join(worker: string): void {
    this.workers.set(worker, { lease: 'good', held: new Set() });
  }

  beat(worker: string): BeatReply | null {
    const mine = this.alive(worker);
    if (!mine) return null;
    const cancelled = [...mine.held].filter((task) => task.calledOff !== null).map(({ id }) => id);
    return {
      held: mine.held.size,
      expired: this.someoneExpired(),
      cancelled: cancelled.sort(byText),
      scheduleRevision: 0,
    };
  }

  /** A worker whose calls count. That one calls renews its lease. */
  alive(worker: string): ModelWorker | null {
    const mine = this.workers.get(worker);
    if (!mine || mine.lease === 'declared dead') return null;
    mine.lease = 'good';
    return mine;
  }

  leave(worker: string): void {
    const mine = this.workers.get(worker);
    if (mine?.held.size === 0 || !mine) this.ringIfDue();
    if (mine?.held.size === 0) this.workers.delete(worker);
    else if (mine?.lease === 'good') mine.lease = 'run out';
  }

  /** Those of whom `recover` may take one: who was declared dead before goes first. */
  toRecover(): string[] {
    for (const lease of ['declared dead', 'run out'] as const) {
      const those = [...this.workers].filter(([, worker]) => worker.lease === lease).map(([id]) => id);
      if (those.length > 0) return those;
    }
    return [];
  }

  recover(worker: string, maxLost: number, deadTtlMs: number, cancelledTtlMs: number): Recovery {
    const { held } = this.workers.get(worker)!;
    this.workers.set(worker, { lease: 'declared dead', held });
    const returned: string[] = [];
    const buried: string[] = [];
    // Newest first, so that the oldest comes to stand at the head.
    const page = [...held].sort((one, other) => byText(other.id, one.id)).slice(0, RECOVER_PAGE);
    for (const task of page) {
      held.delete(task);
      if (task.calledOff !== null) {
        this.end(task, cancelledTtlMs, { state: 'cancelled', reason: task.calledOff });
        this.recent.unshift(task.id);
        continue;
      }
      const hadBegun = this.statuses.get(task.id)?.state === 'active';
      const isCharged = hadBegun && !this.isSpared(task, maxLost);
      task.lost = (task.lost ?? 0) + Number(isCharged);
      task.attempt += Number(hadBegun);
      if (maxLost === 0 || task.lost > maxLost) {
        this.bury(task, deadTtlMs, maxLost === 0 ? 'lost' : 'lost too often', task.attempt + Number(!hadBegun));
        buried.push(task.id);
      } else {
        (task.lost >= maxLost ? this.suspects : this.queue).unshift(task);
        this.write(task, { state: 'waiting', attempt: task.attempt });
        if (hadBegun) this.noteError(task, 'lost');
        returned.push(task.id);
      }
    }
    if (buried.length > 0) this.trimDead(deadTtlMs);
    if (returned.length > 0 || (page.length > 0 && this.queue.length > 0)) this.ring();
    if (held.size === 0) this.workers.delete(worker);
    return { worker, returned, buried, more: this.someoneExpired() };
  }

  /** Of a suspect that was not alone nobody can tell whether it was to blame; but not for ever. */
  private isSpared(task: ModelTask, maxLost: number): boolean {
    const { isAlone = null, spared = 0 } = this.statuses.get(task.id) ?? {};
    if (maxLost === 0 || (task.lost ?? -1) < maxLost || isAlone !== false) return false;
    this.write(task, { spared: spared + 1 });
    return spared < SPARED_MAX;
  }

  cancel(id: string, reason: string, ttlMs: number): TaskState | null {
    for (const worker of this.workers.values()) {
      const task = heldBy(worker, id);
      if (!task) continue;
      task.calledOff ??= reason;
      return 'active';
    }
    const state = this.statuses.get(id)?.state ?? null;
    if (state === null || isTerminal(state)) return state;
    const places = [...this.queue, ...this.suspects, ...this.scheduled.keys()];
    const task = places.find((candidate) => candidate.id === id && candidate.calledOff === null)!;
    this.recent.unshift(id);
    if (this.scheduled.delete(task)) {
      this.end(task, ttlMs, { state: 'cancelled', reason });
    } else {
      task.calledOff = reason;
      task.hasEnded = true;
      this.write(task, { state: 'cancelled', reason, isPending: true });
    }
    return state;
  }

  /** What waits goes behind all others of its new priority; a gap stays where it stood. */
  reprioritize(id: string, priority: number): boolean {
    const status = this.statuses.get(id);
    const scheduled = [...this.scheduled.keys()].find((each) => each.id === id);
    if (scheduled) {
      scheduled.priority = priority;
      this.write(scheduled, { priority });
      return true;
    }
    if (status?.state !== 'waiting') return false;
    if (status.priority === priority) return true;
    const at = this.queue.findIndex((task) => task.id === id && task.calledOff === null && !task.foreign);
    const task = this.queue[at];
    if (!task) return false;
    this.queue[at] = modelGap(task);
    task.priority = priority;
    this.queue.push(task);
    this.write(task, { priority });
    this.ring();
    return true;
  }

  /** Whose turn it is: the first one of the highest priority. */
  takeNext(): ModelTask | undefined {
    if (this.queue.length === 0) return undefined;
    const highest = Math.max(...this.queue.map(({ priority }) => priority));
    return this.queue.splice(
      this.queue.findIndex(({ priority }) => priority === highest),
      1,
    )[0];
  }

  revive(ids: readonly string[]): string[] {
    const revived = ids.filter((id) => {
      const task = this.takeLetter(id, (letter) => letter.foreign === null);
      if (!task) return false;
      Object.assign(task, { attempt: 0, lost: null, missed: 0, hasFirst: false, hasEnded: false });
      this.write(task, { state: 'waiting', attempt: 0, errors: new Map(), progress: null, isAlone: null, spared: 0 });
      this.queue.push(task);
      return true;
    });
    if (revived.length > 0) this.ring();
    return revived;
  }

  discard(id: string): boolean {
    const task = this.takeLetter(id, () => true);
    if (!task) return false;
    task.hasEnded = true;
    this.statuses.delete(id);
    return true;
  }

  ringIfDue(): void {
    if (this.dueTasks().length > 0) this.ring();
  }

  ring(): void {
    this.tokens = Math.max(1, this.tokens);
  }

  someoneExpired(): boolean {
    return [...this.workers.values()].some(({ lease }) => lease !== 'good');
  }

  write({ id }: ModelTask, change: Partial<ModelStatus>): void {
    this.statuses.set(id, { ...(this.statuses.get(id) ?? modelStatus()), ...change });
  }

  noteError(task: ModelTask, error: string, attempt = task.attempt): void {
    const before = [...(this.statuses.get(task.id)?.errors ?? [])];
    const kept = before.filter(([earlier]) => earlier > attempt - ERRORS_KEPT);
    this.write(task, { errors: new Map([...kept, [attempt, error]]) });
  }

  end(task: ModelTask, ttlMs: number, change: Partial<ModelStatus>): void {
    task.hasEnded = true;
    if (ttlMs === 0) this.statuses.delete(task.id);
    else this.write(task, change);
  }

  /** @param attempt the one that failed */
  bury(task: ModelTask, ttlMs: number, error: string, attempt = task.attempt): void {
    if (ttlMs === 0) return this.end(task, ttlMs, {});
    this.makeRoom(task.id);
    this.dead.set(task.id, task);
    this.write(task, { state: 'failed', attempt: task.attempt });
    this.noteError(task, error, attempt);
  }

  /** The dead letter of an earlier task of the same id goes when a later one needs its place. */
  makeRoom(id: string): void {
    const earlier = this.dead.get(id);
    if (earlier) this.dropLetter(earlier);
  }

  /** @param ttlMs how long the queue keeps dead letters */
  trimDead(ttlMs: number): void {
    const old = ttlMs === 0 ? [...this.dead.values()] : [...this.overdue];
    for (const letter of old) this.dropLetter(letter);
  }

  private dropLetter(letter: ModelTask): void {
    letter.hasEnded = true;
    this.dead.delete(letter.id);
    this.overdue.delete(letter);
  }

  /** What is left of an earlier task of an id that is in use again is nobody's dead letter any more. */
  private takeLetter(id: string, wanted: (letter: ModelTask) => boolean): ModelTask | null {
    const letter = this.dead.get(id);
    if (!letter) return null;
    const state = this.statuses.get(id)?.state ?? 'failed';
    if (state === 'failed' && !wanted(letter)) return null;
    this.dropLetter(letter);
    return state === 'failed' ? letter : null;
  }
}

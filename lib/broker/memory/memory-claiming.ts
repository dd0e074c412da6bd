import type { Rate } from '../claim-limits.js';
import type { ExchangeRequest } from '../exchange.js';
import { REST_MS, UNGROUPED } from './memory-groups.js';
import type { MemoryQueue, MemoryWorker } from './memory-queue.js';
import { isSuspect, type MemoryTask } from './memory-task.js';
import { begin } from './memory-settling.js';

/** The task that is next, and where it stands. */
interface Choice {
  line: MemoryTask[];
  task: MemoryTask;
  group?: string;
}

const QUEUE = 'queue';

/** Takes tasks for one worker, as far as limits allow. */
export class MemoryClaiming {
  readonly claimed: MemoryTask[] = [];
  /** When it is worth to look again, as far as turns of groups and names tell. */
  looksAt = Infinity;
  /** When more may be claimed of what waits now; `null` if that depends on the end of others, `undefined` if limits are not in the way. */
  heldUpUntil: number | null | undefined;
  /** More is waiting, and could be claimed. */
  more = false;

  constructor(
    private readonly queue: MemoryQueue,
    private readonly worker: MemoryWorker,
    private readonly request: ExchangeRequest,
  ) {}

  run(): void {
    const { queue, request } = this;
    const { allowed, goesOnAt } = this.allowed(request.want + 1);
    const want = Math.min(request.want, allowed);
    if (want > 0) queue.lines.groups.begin(queue.lines.of(0).length > 0);
    if (request.probes && want > 0) this.takeSuspect();
    let isThrough = false;
    while (this.claimed.length < want && !isThrough) {
      const choice = this.choose();
      if (choice) this.take(choice);
      else isThrough = true;
    }
    if (request.limits?.rate) queue.starts.note(QUEUE, this.claimed.length);
    const isDue = (queue.scheduled.firstDue ?? Infinity) <= queue.clock.nowMs;
    const isWaiting = (!isThrough && queue.lines.hasTurns) || isDue;
    const isLimited = allowed <= request.want && this.claimed.length >= want;
    if (isWaiting && isLimited) this.heldUpUntil = goesOnAt;
    this.more = isWaiting && !isLimited;
    this.looksAt = Math.min(this.looksAt, queue.lines.groups.wakesAt);
  }

  /** How many tasks all limits of the queue let through, and when there are more. */
  private allowed(wanted: number): { allowed: number; goesOnAt: number | null } {
    const { limits } = this.request;
    const { limitedUntil, isPaused, clock, starts, heldCount, scheduled } = this.queue;
    // What is due then still joins the queue.
    if (isPaused) return { allowed: 0, goesOnAt: scheduled.firstDue ?? null };
    let [allowed, goesOnAt]: [number, number | null] = [wanted, null];
    if (limitedUntil > clock.nowMs) [allowed, goesOnAt] = [0, limitedUntil];
    if (limits?.rate && allowed > 0) {
      const { count, nextAt } = starts.allowed(QUEUE, limits.rate, allowed);
      if (count < allowed) [allowed, goesOnAt] = [count, nextAt];
    }
    const unused = Math.max(0, (limits?.globalConcurrency ?? Infinity) - heldCount);
    return unused < allowed ? { allowed: unused, goesOnAt: null } : { allowed, goesOnAt };
  }

  /** Whose turn it is. Without aging a higher priority is always first; with it the time counts that the oldest task of each has waited. */
  private choose(): Choice | undefined {
    const { lines, clock } = this.queue;
    const { agingMs } = this.request;
    let first: { choice: Choice; rank: number } | undefined;
    for (const priority of lines.priorities) {
      const choice = priority === 0 ? this.chooseAmongGroups() : this.firstOf(lines.of(priority));
      if (choice && agingMs === 0) return choice;
      if (!choice) continue;
      const added = this.queue.statuses.get(choice.task.id)?.created ?? choice.task.addedAt;
      const rank = added - clock.nowMs - priority * agingMs;
      if (!first || rank < first.rank) first = { choice, rank };
    }
    return first?.choice;
  }

  /** Of the queue itself where there are no groups. */
  private chooseAmongGroups(): Choice | undefined {
    const { lines } = this.queue;
    const { groups } = lines;
    if (groups.first === undefined) return this.firstOf(lines.of(0));
    for (let group = groups.first; group !== undefined; group = groups.first) {
      const choice = group === UNGROUPED ? this.firstOf(lines.of(0)) : this.nextOf(group);
      if (choice) return { ...choice, group };
      if (group === UNGROUPED || groups.of(group).length === 0) groups.leave(group);
    }
    return undefined;
  }

  /** Nothing where the group has to rest: from then on it does. */
  private nextOf(group: string): Choice | undefined {
    const { lines, clock } = this.queue;
    const line = lines.groups.of(group);
    const [task] = line;
    if (!task) return undefined;
    const until = Math.max(this.groupBlockedUntil(group), this.nameBlockedUntil(task.name));
    if (until <= clock.nowMs) return { line, task };
    lines.groups.rest(group, Math.min(until, clock.nowMs + REST_MS));
    this.looksAt = Math.min(this.looksAt, until);
    return undefined;
  }

  private groupBlockedUntil(group: string): number {
    const { lines, starts, clock } = this.queue;
    const rate = this.rateOfGroup(group);
    if (lines.groups.freeSlots(group, this.concurrencyOf(group)) <= 0) return clock.nowMs + REST_MS;
    if (!rate) return 0;
    const { count, nextAt } = starts.allowed(`group ${group}`, rate, 1);
    return count > 0 ? 0 : nextAt;
  }

  /** What is over the rate of its name makes room for those behind it. */
  private firstOf(line: MemoryTask[]): Choice | undefined {
    const task = line.find(({ name }) => {
      const until = this.nameBlockedUntil(name);
      if (until > 0) this.looksAt = Math.min(this.looksAt, until);
      return until === 0;
    });
    return task && { line, task };
  }

  /** 0 where it is not. */
  private nameBlockedUntil(name: string): number {
    const rate = this.rateOfName(name);
    if (!rate) return 0;
    const { count, nextAt } = this.queue.starts.allowed(`name ${name}`, rate, 1);
    return count > 0 ? 0 : nextAt;
  }

  private take({ line, task, group }: Choice): void {
    const { lines } = this.queue;
    line.splice(line.indexOf(task), 1);
    if (group === undefined) return void this.hold(task);
    if (group === UNGROUPED) {
      this.hold(task);
      if (line.length === 0) lines.groups.leave(group);
      else if (!lines.groups.isAlone) lines.groups.toTheEnd(group);
      return;
    }
    const free = lines.groups.freeSlots(group, this.concurrencyOf(group));
    const isHeld = this.hold(task);
    lines.groups.hadTurn(group, isHeld ? free : Infinity);
  }

  /** One at a time, and only where its group has a slot and its name may start. */
  private takeSuspect(): void {
    const { suspects, groups } = this.queue.lines;
    const [task] = suspects;
    if (!task || this.nameBlockedUntil(task.name) > 0) return;
    if (task.group !== undefined && groups.freeSlots(task.group, this.concurrencyOf(task.group)) <= 0) return;
    suspects.shift();
    this.hold(task);
    if (suspects.length > 0) this.queue.ring();
  }

  /** @returns `false` for what was called off, which is dropped */
  private hold(task: MemoryTask): boolean {
    const { statuses, lines, starts, clock, locks } = this.queue;
    const { id, group, name } = task;
    if (this.queue.takeCancel(id) !== undefined) {
      this.queue.keepFor(id, this.request.retention.cancelledTtlMs);
      return false;
    }
    this.worker.held.set(id, task);
    this.claimed.push(task);
    // What a dead worker held waits for its mark, which the worker asks for when it begins.
    if (this.request.marks && task.lost === undefined) begin(this.queue, task, clock.nowMs);
    else if (task.attempt > 0) statuses.write(id, { attempt: task.attempt + 1 });
    locks.taken(id);
    if (this.rateOfName(name)) starts.note(`name ${name}`);
    if (group === undefined) return true;
    if (this.concurrencyOf(group) > 0) lines.groups.takeSlot(id, group);
    if (this.rateOfGroup(group) && !isSuspect(task, this.request.maxLost)) starts.note(`group ${group}`);
    return true;
  }

  private concurrencyOf(group: string): number {
    return this.queue.lines.groups.limitsOf(group).concurrency ?? this.request.groupConcurrency;
  }

  private rateOfGroup(group: string): Rate | undefined {
    return this.queue.lines.groups.limitsOf(group).rate ?? this.request.limits?.groupRate;
  }

  private rateOfName(name: string): Rate | undefined {
    const { names } = this.request.limits ?? {};
    return names && Object.hasOwn(names, name) ? names[name] : undefined;
  }
}

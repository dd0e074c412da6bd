import type { Partition } from '../partition.js';
import type {
  Declaration,
  DueSchedules,
  NewSchedule,
  ScheduleRecord,
  ScheduleStore,
  TickAnswer,
  TickRequest,
  Upserted,
} from '../schedule-store.js';
import type { MemoryQueue } from './memory-queue.js';
import type { MemorySchedule } from './memory-ticks.js';

/** Keeps schedules beside the tasks of their queues. */
export class MemorySchedules implements ScheduleStore {
  private readonly owners = new Map<string, Set<string>>();

  constructor(private readonly queueOf: (partition: Partition) => MemoryQueue) {}

  async clock(partition: Partition, name: string): Promise<{ nowMs: number; lastMs: number | null }> {
    const { clock, ticks } = this.queueOf(partition);
    return { nowMs: clock.nowMs, lastMs: ticks.byName.get(name)?.lastMs ?? null };
  }

  async upsert(
    partition: Partition,
    schedule: NewSchedule,
    nextMs: number,
    declaration: Declaration | undefined,
  ): Promise<Upserted> {
    const { ticks } = this.queueOf(partition);
    const stored = ticks.byName.get(schedule.name);
    const owner = declaration?.owner ?? null;
    if (declaration && stored && stored.owner !== null && stored.owner !== owner) {
      return { kind: 'owned', owner: stored.owner };
    }
    const isDeclared = declaration !== undefined || stored?.isDeclared === true;
    const record: MemorySchedule = {
      ...(stored ?? NEW),
      ...schedule,
      owner: owner ?? stored?.owner ?? null,
      isDeclared,
      nextMs: stored?.timing === schedule.timing ? stored.nextMs : finite(nextMs),
    };
    ticks.byName.set(schedule.name, record);
    if (stored && isSame(stored, record)) return { kind: 'unchanged', nextMs: nextOf(stored) };
    ticks.announce();
    return { kind: stored ? 'changed' : 'created', nextMs: nextOf(record) };
  }

  async remove(partition: Partition, name: string, owner?: string): Promise<boolean> {
    const { byName } = this.queueOf(partition).ticks;
    if (owner !== undefined && byName.get(name)?.owner !== owner) return false;
    return byName.delete(name);
  }

  async pause(partition: Partition, name: string): Promise<boolean> {
    const schedule = this.queueOf(partition).ticks.byName.get(name);
    if (schedule) schedule.isPaused = true;
    return schedule !== undefined;
  }

  async resume(partition: Partition, name: string, timing: string, nextMs: number): Promise<boolean | 'changed'> {
    const { ticks } = this.queueOf(partition);
    const schedule = ticks.byName.get(name);
    if (!schedule) return false;
    if (!schedule.isPaused) return true;
    if (schedule.timing !== timing) return 'changed';
    Object.assign(schedule, { isPaused: false, nextMs: finite(nextMs) });
    ticks.announce();
    return true;
  }

  async due(partition: Partition): Promise<DueSchedules> {
    const { clock, ticks } = this.queueOf(partition);
    const { nowMs } = clock;
    const due: DueSchedules['due'] = [];
    let upcoming = Infinity;
    for (const schedule of inOrder(ticks.byName.values())) {
      const { name, timing, catchUp } = schedule;
      const tickMs = nextOf(schedule);
      if (tickMs !== null && tickMs <= nowMs) due.push({ name, tickMs, timing, catchUp });
      else upcoming = Math.min(upcoming, tickMs ?? Infinity);
    }
    return { nowMs, due, nextInMs: upcoming === Infinity ? null : upcoming - nowMs, revision: ticks.revision };
  }

  async tick(partition: Partition, request: TickRequest): Promise<TickAnswer[] | null> {
    const queue = this.queueOf(partition);
    const { ticks, statuses, clock } = queue;
    const schedule = ticks.byName.get(request.name);
    if (!schedule || schedule.timing !== request.timing || nextOf(schedule) !== request.tickMs) return null;
    if (request.tickMs > clock.nowMs) return null;
    if (schedule.queued !== null && statuses.hasEnded(schedule.current)) {
      ticks.add(schedule, schedule.queued);
      schedule.queued = null;
    }
    const answers = request.ticks.map((at) => makeTick(queue, schedule, at, request.maxLength));
    schedule.nextMs = request.nextMs;
    return answers;
  }

  async run(partition: Partition, name: string, id: string, maxLength: number): Promise<TickAnswer | null> {
    const { ticks, lines, statuses } = this.queueOf(partition);
    const schedule = ticks.byName.get(name);
    if (statuses.get(id)) return 'made';
    if (!schedule) return null;
    if (lines.ungroupedCount >= maxLength) return 'full';
    ticks.create(schedule, id);
    return 'made';
  }

  async get(partition: Partition, name: string): Promise<ScheduleRecord | null> {
    const schedule = this.queueOf(partition).ticks.byName.get(name);
    return schedule ? toRecord(schedule) : null;
  }

  async list(partition: Partition): Promise<ScheduleRecord[]> {
    return inOrder(this.queueOf(partition).ticks.byName.values()).map(toRecord);
  }

  async queuesOf(owner: string): Promise<string[]> {
    return [...(this.owners.get(owner) ?? [])];
  }

  async noteQueuesOf(owner: string, queues: readonly string[]): Promise<void> {
    this.owners.set(owner, new Set([...(this.owners.get(owner) ?? []), ...queues]));
  }
}

const NEW = { isPaused: false, lastMs: null, skippedMs: null, queued: null, current: undefined };

function makeTick(queue: MemoryQueue, schedule: MemorySchedule, at: number, maxLength: number): TickAnswer {
  const answer = answerTo(queue, schedule, at, maxLength);
  if (answer === 'full' || answer === 'skipped') schedule.skippedMs = at;
  schedule.lastMs = at;
  return answer;
}

function answerTo(queue: MemoryQueue, schedule: MemorySchedule, at: number, maxLength: number): TickAnswer {
  const { ticks, lines, statuses } = queue;
  const iso = new Date(at).toISOString();
  if (schedule.overlap === 'allow' || statuses.hasEnded(schedule.current)) {
    if (lines.ungroupedCount >= maxLength) return 'full';
    return ticks.add(schedule, iso) ? 'made' : 'known';
  }
  if (schedule.overlap === 'skip' || schedule.queued !== null) return 'skipped';
  schedule.queued = iso;
  return 'queued';
}

function nextOf({ isPaused, nextMs }: MemorySchedule): number | null {
  return isPaused ? null : nextMs;
}

function inOrder(schedules: Iterable<MemorySchedule>): MemorySchedule[] {
  const timeOf = (schedule: MemorySchedule): number => nextOf(schedule) ?? Infinity;
  return [...schedules].sort((one, other) => {
    if (timeOf(one) !== timeOf(other)) return timeOf(one) - timeOf(other);
    return one.name < other.name ? -1 : 1;
  });
}

function isSame(one: MemorySchedule, other: MemorySchedule): boolean {
  const { timing, catchUp, overlap, task, body, expiresInMs, owner, isDeclared } = one;
  const { nextMs: _, ...rest } = other;
  return (
    JSON.stringify({ ...rest, timing, catchUp, overlap, task, body, expiresInMs, owner, isDeclared }) ===
    JSON.stringify(rest)
  );
}

function toRecord({ current: _, ...schedule }: MemorySchedule): ScheduleRecord {
  return { ...schedule, nextMs: nextOf({ current: _, ...schedule }) };
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}

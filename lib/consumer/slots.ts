import type { Partition } from '../broker/partition.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Call } from './call.js';
import type { Capacity } from './capacity.js';
import type { Quarantine } from './quarantine.js';
import type { RedisClock } from './redis-clock.js';
import type { RunReports } from './run-reports.js';
import type { RunEvents } from './run-events.js';
import type { RunningCalls } from './running-calls.js';
import type { WaitingTasks } from './waiting-tasks.js';

export interface SlotsOptions {
  partition: Partition;
  running: RunningCalls;
  waiting: WaitingTasks;
  capacity: Capacity;
  reports: RunReports;
  clock: RedisClock;
  quarantine: Quarantine;
  /** Not at shutdown, and not while Redis may have given to others what is held here. */
  mayStart: () => boolean;
  onChange: () => void;
  /** For whoever wants to know which handlers ran when. */
  onEnded?: ((call: Call) => void) | undefined;
  events?: RunEvents | undefined;
  telemetry?: Telemetry | undefined;
}

/** The slots of one queue: begins what waits as slots become free, and says how many there are. */
export class Slots {
  private isStarting = false;

  constructor(private readonly options: SlotsOptions) {}

  /** Those that could be filled now. */
  get free(): number {
    const { quarantine, capacity } = this.options;
    return quarantine.isOpen ? capacity.freeSlots(this.claimed) : 0;
  }

  /** For how many more tasks there is one at once. */
  get freeRoom(): number {
    const { quarantine, capacity } = this.options;
    return quarantine.isOpen ? capacity.freeRoom(this.claimed) : 0;
  }

  /** How many are taken by what runs or begins; with `ack: 'each'` also by what has ended without that Redis knows. */
  get taken(): number {
    const { running, waiting } = this.options;
    return running.slots + waiting.slots;
  }

  /** How many more tasks are worth to be held: for the free ones, and some ahead where handlers are quick. */
  get room(): number {
    const { mayStart, quarantine, capacity, running } = this.options;
    return mayStart() && quarantine.isOpen ? capacity.room(this.claimed, running.oldestMs) : 0;
  }

  /** There are tasks in hand that could run now. */
  get canStart(): boolean {
    return this.options.mayStart() && this.options.waiting.hasNext(this.hasFree);
  }

  /** Begins what waits and finds one. */
  start(): void {
    const { mayStart, waiting } = this.options;
    if (this.isStarting || !mayStart()) return;
    // A handler that returns at once ends inside `start`: the loop goes on, rather than the stack grow.
    this.isStarting = true;
    // Handlers that block the loop, one after another, must let it turn before the lease runs out.
    try {
      while (mayStart()) {
        const call = waiting.next(this.hasFree);
        if (!call) break;
        this.begin(call);
      }
    } finally {
      this.isStarting = false;
    }
  }

  /** This call has ended. */
  leave(call: Call): void {
    const { running, capacity, quarantine, onChange, onEnded } = this.options;
    running.ended(call);
    if (call.isSuspect) quarantine.leave(call);
    capacity.learn(call.ranMs);
    onEnded?.(call);
    onChange();
  }

  private get hasFree(): boolean {
    return this.options.capacity.freeSlots(this.taken) > 0;
  }

  /** Those that are taken, and those that what waits here will take. */
  private get claimed(): number {
    const { running, waiting } = this.options;
    return running.slots + waiting.size;
  }

  private begin(call: Call): void {
    const { partition, clock, waiting, running, capacity, quarantine, reports, events, telemetry } = this.options;
    if (call.isExpiredAt(clock) && !this.expire(call)) return;
    if (call.mustBeMarked && !call.isMarked) {
      const isAlone = call.isSuspect ? quarantine.isQuiet : undefined;
      waiting.mark(call);
      for (const run of call.runs) if (!run.isMarked) reports.begins(run, isAlone);
    } else {
      capacity.began();
      running.add(call);
      if (call.isSuspect) quarantine.began();
      events?.starting(call.runs);
      call.start(telemetry?.processing({ partition, handler: call.mode.handler, tasks: call.runs }));
    }
  }

  /** @returns whether anything of it is left to begin */
  private expire(call: Call): boolean {
    const { clock, capacity, quarantine, reports } = this.options;
    const expired = call.runs.filter((run) => run.isExpiredAt(clock));
    for (const run of expired) reports.expired(run);
    if (call.drop(new Set(expired))) return true;
    capacity.began();
    quarantine.leave(call);
    return false;
  }
}

import type { Redis } from 'ioredis';
import type { Figures } from '../figures.js';
import { Meter } from '../meter.js';
import { taskData, type TaskData, type TaskResult } from '../task-data.js';

const FIRST = taskData(0).n;

interface DrainCounts {
  /** All that there are. */
  tasks: number;
  /** Those before the clock starts; 0 if nothing is to be measured. */
  warmUp: number;
  /** Those that are waited for. @default all */
  wanted?: number;
}

/** The handler of a drain: it counts, sees to it that every task comes once, and starts the clock after the warm-up. */
export class DrainRun {
  /** Resolves when the handler was called with as many tasks as are wanted. */
  readonly wantedHandled: Promise<void>;
  private readonly seen: Uint8Array;
  private readonly wanted: number;
  private handledSoFar = 0;
  private handledBefore = 0;
  private meter: Promise<Meter> | undefined;
  private resolve = (): void => undefined;
  private reject = (_error: Error): void => undefined;

  constructor(
    private readonly redis: Redis,
    private readonly counts: DrainCounts,
  ) {
    this.seen = new Uint8Array(counts.tasks);
    this.wanted = counts.wanted ?? counts.tasks;
    this.wantedHandled = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  readonly handle = ({ n }: TaskData): TaskResult => {
    if (this.seen[n - FIRST] !== 0) this.fail(new Error(`Task ${n} came twice, or is none of ours.`));
    this.seen[n - FIRST] = 1;
    this.handledSoFar++;
    if (this.handledSoFar === this.counts.warmUp) this.meter = this.startMeter();
    if (this.handledSoFar === this.wanted) this.resolve();
    return { n };
  };

  readonly fail = (error: Error): void => this.reject(error);

  get handled(): number {
    return this.handledSoFar;
  }

  async stop(): Promise<Figures> {
    const meter = await this.meter;
    return meter ? meter.stop(this.handledSoFar - this.handledBefore) : {};
  }

  /** The worker goes on while Redis answers; what it does until then belongs to the warm-up. */
  private async startMeter(): Promise<Meter> {
    const meter = await Meter.start(this.redis);
    this.handledBefore = this.handledSoFar;
    return meter;
  }
}

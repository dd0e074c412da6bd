import type { Call } from './call.js';
import type { TaskRun } from './task-run.js';

/** The calls that take the slots of one queue: those under way, and those that have ended but keep their slots for a while. */
export class RunningCalls {
  private readonly underWay = new Set<Call>();
  private readonly settling = new Set<Call>();

  /**
   * @param keepsSlot whether a slot stays taken until Redis knows how its tasks have ended
   * @param holds whether that is to be learnt yet of this run
   */
  constructor(
    private readonly keepsSlot: boolean,
    private readonly holds: (run: TaskRun) => boolean,
  ) {}

  /** How many slots are taken. */
  get slots(): number {
    return this.underWay.size + this.settling.size;
  }

  /** How long the oldest of them has taken so far, 0 if none is under way. */
  get oldestMs(): number {
    const [oldest] = this.underWay;
    return oldest?.ranMs ?? 0;
  }

  /** The names of the handlers. */
  get names(): string[] {
    return Array.from(this.underWay, ({ mode }) => mode.handler.name);
  }

  /** What has not ended and is not lost, the oldest first. */
  get runs(): TaskRun[] {
    return [...this.underWay].flatMap(({ runs }) => runs).filter(({ isLost, endedAt }) => !isLost && endedAt === 0);
  }

  has(run: TaskRun): boolean {
    return run.endedAt === 0 && this.underWay.has(run.call);
  }

  add(call: Call): void {
    this.underWay.add(call);
  }

  ended(call: Call): void {
    this.underWay.delete(call);
    if (this.keepsSlot && this.isOpen(call)) this.settling.add(call);
  }

  /** Redis knows of some, or others have taken them over. */
  settled(): void {
    for (const call of this.settling) if (!this.isOpen(call)) this.settling.delete(call);
  }

  private isOpen({ runs }: Call): boolean {
    return runs.some((run) => this.holds(run));
  }
}

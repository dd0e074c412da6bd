import type { ReportStore } from '../broker/report-store.js';
import { RedisUnavailableError } from '../errors/index.js';
import type { GuardedLog } from './guarded-log.js';
import { LoopReports, type ReportingLoop } from './loop-reports.js';
import { ProcessWatch } from './process-watch.js';
import type { RunTally } from './run-tally.js';
import { showError } from './task-failure.js';

/** How often a worker tells of itself that has something to do. */
export const REPORT_MS = 10_000;

/**
 * Tells others how the loops of this process get on, and what they have done: one command for each of them in each interval, and hardly any
 * while there is nothing to do. Runs beside the loops, and must never disturb them: what cannot be told now is told later.
 */
export class WorkerReporter {
  private readonly loops = new Map<ReportingLoop, LoopReports>();
  private readonly left = new WeakSet<ReportingLoop>();
  private readonly process = new ProcessWatch();
  private readonly timer: NodeJS.Timeout;
  private hasComplained = false;

  /** @param tallyOf what is counted for that loop */
  constructor(
    private readonly store: ReportStore,
    private readonly tallyOf: (loop: ReportingLoop) => RunTally,
    private readonly log: GuardedLog,
    everyMs = REPORT_MS,
  ) {
    this.timer = setInterval(() => this.tell(), everyMs);
  }

  /** A loop has turned: perhaps Redis knows it only now, or under another id. */
  notice(loop: ReportingLoop): void {
    // One that could not be ended in time may turn once more.
    if (this.left.has(loop)) return;
    let reports = this.loops.get(loop);
    if (!reports) this.loops.set(loop, (reports = new LoopReports(loop, this.tallyOf(loop), this.store)));
    if (reports.toldAs !== loop.workerId && loop.workerId !== null) void this.send(reports);
  }

  /** Tells what it has not told yet, as long as Redis knows this worker. */
  async leaving(loop: ReportingLoop): Promise<void> {
    const reports = this.loops.get(loop);
    this.loops.delete(loop);
    this.left.add(loop);
    if (reports) await this.guard(async () => reports.sendLast(this.facts));
  }

  stop(): void {
    clearInterval(this.timer);
    this.process.stop();
  }

  private readonly facts = (): ProcessWatch['facts'] => this.process.facts;

  private tell(): void {
    for (const reports of this.loops.values()) if (reports.isDue) void this.send(reports);
    this.process.begin();
  }

  private async send(reports: LoopReports): Promise<void> {
    await this.guard(async () => reports.send(this.facts));
  }

  /** Of an outage the loops tell, which notice it as well. */
  private async guard(send: () => Promise<void>): Promise<void> {
    try {
      await send();
      this.hasComplained = false;
    } catch (error) {
      if (error instanceof RedisUnavailableError || this.hasComplained) return;
      this.hasComplained = true;
      this.log.warn(`What workers do cannot be reported, trying again until it can: ${showError(error)}`);
    }
  }
}

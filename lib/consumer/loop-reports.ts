import type { ReportStore, WorkerReport } from '../broker/report-store.js';
import { type Partition, queueOf } from '../broker/partition.js';
import type { RunTally } from './run-tally.js';
import type { LoopFacts, ProcessFacts, WorkerFacts } from './worker-facts.js';

/** As far as a consumer is concerned. */
export interface ReportingLoop {
  readonly partition: Partition;
  /** `null` while Redis may not know it. */
  readonly workerId: string | null;
  readonly facts: LoopFacts;
}

/** How long a worker that has nothing to do may say nothing. */
const SILENT_MS = 5 * 60_000;

/**
 * What one loop tells of itself, one report at a time. What was counted is told once: a report whose answer was lost is sent again as
 * it was. Where the worker has lost its lease meanwhile nobody can tell any more whether that report counts, and it is dropped.
 */
export class LoopReports {
  private number = 0;
  private toldAt = -Infinity;
  private wasBusy = false;
  private unanswered: WorkerReport | undefined;
  private sending: Promise<void> | undefined;
  private enteredAs: string | null = null;
  /** Under which id it has told of itself. */
  toldAs: string | null = null;

  constructor(
    private readonly loop: ReportingLoop,
    private readonly tally: RunTally,
    private readonly store: ReportStore,
  ) {}

  /** There is something to tell. */
  get isDue(): boolean {
    const isSilent = performance.now() - this.toldAt >= SILENT_MS;
    return isSilent || this.wasBusy || this.loop.facts.busyCount > 0 || !this.tally.untold.isEmpty;
  }

  /** Does nothing while Redis may not know this worker, or a report is under way. */
  async send(process: () => ProcessFacts): Promise<void> {
    this.sending ??= this.deliver(process).finally(() => (this.sending = undefined));
    await this.sending;
  }

  /** What has not been told yet, behind what is under way. */
  async sendLast(process: () => ProcessFacts): Promise<void> {
    await this.sending?.catch(() => undefined);
    if (!this.tally.untold.isEmpty) await this.send(process);
  }

  private async deliver(process: () => ProcessFacts): Promise<void> {
    const { workerId: worker, partition } = this.loop;
    if (worker === null) return;
    this.toldAs = worker;
    // Anew after a lost lease: perhaps the queue was let go of.
    if (this.enteredAs !== worker) await this.store.enterQueue(queueOf(partition));
    this.enteredAs = worker;
    if (this.unanswered) {
      await this.store.report(partition, this.unanswered);
      this.answered(this.unanswered);
    }
    const facts: WorkerFacts = { ...process(), ...this.loop.facts };
    const report = { worker, number: ++this.number, facts: JSON.stringify(facts), figures: this.tally.untold };
    this.unanswered = report;
    if (await this.store.report(partition, report)) this.answered(report);
    // It does not count: the next one, under another id, tells the same.
    else this.unanswered = undefined;
    this.toldAt = performance.now();
    this.wasBusy = facts.busyCount > 0;
  }

  private answered({ figures }: WorkerReport): void {
    this.tally.tell(figures);
    this.unanswered = undefined;
  }
}

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
 * it was. Where the worker has lost its lease meanwhile, or left, nobody can tell any more whether that report counts, and it is dropped.
 */
export class LoopReports {
  private number = 0;
  private toldAt = -Infinity;
  private wasBusy = false;
  private unanswered: WorkerReport | undefined;
  private sending: Promise<void> | undefined;
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
    return isSilent || this.wasBusy || this.loop.facts.busyCount > 0 || this.hasFigures;
  }

  /** Does nothing while Redis may not know this worker, or a report is under way. */
  async send(process: () => ProcessFacts): Promise<void> {
    this.sending ??= this.deliver(process).finally(() => (this.sending = undefined));
    await this.sending;
  }

  /** What has not been told yet, behind what is under way. */
  async sendLast(process: () => ProcessFacts): Promise<void> {
    await this.sending?.catch(() => undefined);
    if (this.hasFigures) await this.send(process);
  }

  private get hasFigures(): boolean {
    return this.unanswered !== undefined || !this.tally.untold.isEmpty;
  }

  private async deliver(process: () => ProcessFacts): Promise<void> {
    const { workerId: worker, partition } = this.loop;
    if (worker === null) return;
    this.toldAs = worker;
    // At once: how long the loop was delayed is forgotten while this is under way.
    const facts: WorkerFacts = { ...process(), ...this.loop.facts };
    if (this.unanswered) await this.store.report(partition, this.unanswered);
    const report = { worker, number: ++this.number, facts: JSON.stringify(facts), figures: this.tally.take() };
    this.unanswered = report;
    // Where it does not count the next one, under another id, tells the same.
    if (!(await this.store.report(partition, report))) this.tally.putBack(report.figures);
    this.unanswered = undefined;
    // Each time: somebody may have emptied the queue for good, or all of Redis.
    await this.store.enterQueue(queueOf(partition));
    this.toldAt = performance.now();
    this.wasBusy = facts.busyCount > 0;
  }
}

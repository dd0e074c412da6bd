import { Figures } from '../figures.js';
import type { Partition } from '../partition.js';
import {
  KEPT_MS,
  type ListedWorker,
  type ReportStore,
  type Span,
  SPAN_MS,
  type WorkerReport,
} from '../report-store.js';
import type { MemoryQueue } from './memory-queue.js';

/** What the workers of one queue have told. */
class QueueReports {
  readonly told = new Map<string, { number: number; facts: string }>();
  readonly figures: Record<Span, Map<number, Figures>> = { minute: new Map(), hour: new Map() };
}

export class MemoryReports implements ReportStore {
  private readonly reports = new Map<Partition, QueueReports>();
  private readonly known = new Set<string>();

  constructor(private readonly queue: (partition: Partition) => MemoryQueue) {}

  async report(partition: Partition, { worker, number, facts, figures }: WorkerReport): Promise<boolean> {
    const queue = this.queue(partition);
    const { told, figures: kept } = this.of(partition);
    if (!queue.alive(worker)) return false;
    if ((told.get(worker)?.number ?? 0) >= number) return true;
    told.set(worker, { number, facts });
    for (const name of told.keys()) if (!queue.workers.has(name)) told.delete(name);
    for (const span of ['minute', 'hour'] as const) this.add(kept[span], span, figures, queue.clock.nowMs);
    return true;
  }

  async workers(partition: Partition): Promise<ListedWorker[]> {
    const { workers, clock } = this.queue(partition);
    const { told } = this.of(partition);
    return [...workers]
      .filter(([, { expiry }]) => expiry > clock.nowMs)
      .map(([worker, { expiry }]) => {
        return { worker, leaseExpiresAt: expiry, now: clock.nowMs, facts: told.get(worker)?.facts ?? null };
      });
  }

  async history(partition: Partition, span: Span, fromMs: number, toMs: number): Promise<Map<number, Figures>> {
    return new Map([...this.of(partition).figures[span]].filter(([at]) => at >= fromMs && at < toMs));
  }

  async enterQueue(queue: string): Promise<void> {
    this.known.add(queue);
  }

  async queues(): Promise<string[]> {
    return [...this.known];
  }

  async removeQueue(queue: string): Promise<void> {
    this.known.delete(queue);
  }

  /** Of the last minute that is over. */
  lastMinute(partition: Partition, nowMs: number): Figures {
    const at = (Math.floor(nowMs / SPAN_MS.minute) - 1) * SPAN_MS.minute;
    return this.of(partition).figures.minute.get(at) ?? new Figures();
  }

  private add(kept: Map<number, Figures>, span: Span, figures: Figures, nowMs: number): void {
    if (figures.isEmpty) return;
    const at = Math.floor(nowMs / SPAN_MS[span]) * SPAN_MS[span];
    const sum = kept.get(at) ?? new Figures();
    sum.add(figures);
    kept.set(at, sum);
    for (const old of kept.keys()) if (old < nowMs - KEPT_MS[span] - SPAN_MS[span]) kept.delete(old);
  }

  private of(partition: Partition): QueueReports {
    let reports = this.reports.get(partition);
    if (!reports) this.reports.set(partition, (reports = new QueueReports()));
    return reports;
  }
}

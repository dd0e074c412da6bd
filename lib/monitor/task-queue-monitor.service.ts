import { checkQueueName } from '../broker/names.js';
import { partitionOf } from '../broker/partition.js';
import type { QueueCounts } from '../broker/queue-readings.js';
import type { ListedWorker } from '../broker/report-store.js';
import type { TaskBroker } from '../broker/task-broker.js';
import type { TaskWorker } from '../consumer/task-worker.js';
import type { TaskHandlerRegistry } from '../handler/task-handler.registry.js';
import type { TaskQueueSettings } from '../options/task-queue-settings.js';
import { type QueueGauges, prometheusText } from './prometheus.js';
import { type HistoryPoint, historyPoints, historyRange } from './queue-history.js';
import { type WorkerInfo, workerInfos } from './worker-info.js';

/** For how long tasks of a queue have to wait. */
export interface QueueLatency {
  /** For how long the task has been waiting for a worker that has been waiting longest; `null` where none waits, or none says since when. */
  oldestWaitingMs: number | null;
  /** For how long the task is overdue that is due first, of those that wait for their time: 0 where none is, `null` where none waits for its time. */
  scheduledLagMs: number | null;
}

/**
 * How queues and their workers get on, as any process can see. Whatever is read is bounded, or read in pages: nothing of it keeps Redis
 * from its work.
 *
 * @example
 * const { waiting, failed } = await monitor.counts('email');
 * const [lastMinute] = await monitor.history('email', new Date(Date.now() - 60_000), new Date(), 'minute');
 */
export class TaskQueueMonitor {
  constructor(
    private readonly broker: TaskBroker,
    private readonly settings: Pick<TaskQueueSettings, 'queueNames'>,
    private readonly handlers: Pick<TaskHandlerRegistry, 'queues'>,
    private readonly worker: Pick<TaskWorker, 'tallies'>,
  ) {}

  /**
   * How many tasks of a queue stand where. Costs Redis one script, and another one for each 100 workers, priorities and groups.
   * @throws TaskQueueError `INVALID_QUEUE`, `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async counts(queue: string): Promise<QueueCounts> {
    checkQueueName(queue);
    return this.broker.readings.counts(partitionOf(queue));
  }

  /** For how long tasks of a queue have to wait. @throws TaskQueueError as `counts` */
  async latency(queue: string): Promise<QueueLatency> {
    checkQueueName(queue);
    const { readings } = this.broker;
    const [oldestWaitingMs, scheduledLagMs] = await Promise.all([
      readings.longestWait(partitionOf(queue)),
      readings.scheduledLag(partitionOf(queue)),
    ]);
    return { oldestWaitingMs, scheduledLagMs };
  }

  /**
   * The workers that live, by id: those of one queue, or of all that are known. One that was killed is among them until its lease has run
   * out.
   * @throws TaskQueueError as `counts`
   */
  async workers(queue?: string): Promise<WorkerInfo[]> {
    if (queue !== undefined) checkQueueName(queue);
    const listed = new Map<string, ListedWorker[]>();
    for (const each of queue === undefined ? await this.queues() : [queue]) {
      listed.set(each, await this.broker.reports.workers(partitionOf(each)));
    }
    return workerInfos(listed);
  }

  /**
   * What was done in each minute or hour from `from` to before `to`, whether it was anything or not; in the one in which `from` is,
   * all of it. Minutes are kept for 24 hours and hours for 30 days; of what was before nothing is known, and it seems to be nothing.
   *
   * @param step at most 1,500 of them
   * @throws TaskQueueError `INVALID_OPTIONS`, and as `counts`
   */
  async history(queue: string, from: Date, to: Date, step: 'minute' | 'hour'): Promise<HistoryPoint[]> {
    checkQueueName(queue);
    const range = historyRange(from, to, step);
    const found = await this.broker.reports.history(partitionOf(queue), range.span, range.fromMs, range.toMs);
    return historyPoints(range, found);
  }

  /**
   * The queues that are known: those on which workers have ever worked, whichever application they belong to, and those for which this one has
   * handlers or options.
   * @throws TaskQueueError `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   */
  async queues(): Promise<string[]> {
    const all = [...(await this.broker.reports.queues()), ...this.settings.queueNames, ...this.handlers.queues];
    return [...new Set(all)].sort();
  }

  /**
   * All queues that are known, and what this process has done, for Prometheus to scrape: text of its format 0.0.4, which is to be
   * served as `PROMETHEUS_CONTENT_TYPE`. Counters and histograms are those of this process alone, since it started; gauges are the same
   * whichever process is asked.
   *
   * @throws TaskQueueError `REDIS_UNAVAILABLE`, `REDIS_REFUSED`
   * @example
   * \@Get('metrics') \@Header('content-type', PROMETHEUS_CONTENT_TYPE)
   * metrics(): Promise<string> {
   *   return this.monitor.prometheus();
   * }
   */
  async prometheus(): Promise<string> {
    const gauges: QueueGauges[] = [];
    for (const queue of await this.queues()) gauges.push(await this.gaugesOf(queue));
    return prometheusText(gauges, this.worker.tallies);
  }

  private async gaugesOf(queue: string): Promise<QueueGauges> {
    const [counts, latency, workers] = await Promise.all([
      this.counts(queue),
      this.latency(queue),
      this.broker.reports.workers(partitionOf(queue)),
    ]);
    return { queue, counts, ...latency, workers: workers.length };
  }
}

import type { Figures } from '../broker/figures.js';
import type { QueueCounts } from '../broker/queue-readings.js';
import { MetricFamily } from './metric-family.js';

/** The content type of what `TaskQueueMonitor.prometheus` returns. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** How a queue gets on, whichever process asks. */
export interface QueueGauges {
  queue: string;
  counts: QueueCounts;
  oldestWaitingMs: number | null;
  scheduledLagMs: number | null;
  workers: number;
}

const STATES = ['waiting', 'scheduled', 'active', 'retrying', 'failed'] as const;
const OUTCOMES = ['completed', 'failed', 'retried', 'cancelled'] as const;

/** @param done what this process has done, by queue and name of the handler */
export function prometheusText(
  gauges: readonly QueueGauges[],
  done: ReadonlyMap<string, { readonly byName: ReadonlyMap<string, Figures> }>,
): string {
  const families = [...gaugeFamilies(gauges), ...ownFamilies(done)];
  return families.map(String).join('');
}

function gaugeFamilies(gauges: readonly QueueGauges[]): MetricFamily[] {
  const gauge = (name: string, help: string): MetricFamily => new MetricFamily(`task_queue_${name}`, 'gauge', help);
  const tasks = gauge('tasks', 'Tasks of a queue by state; failed ones are the dead letters.');
  const paused = gauge('paused', 'Whether nothing of a queue is claimed until somebody says so.');
  const oldest = gauge(
    'oldest_waiting_seconds',
    'For how long the oldest task has been waiting for a worker; 0 where none waits.',
  );
  const lag = gauge('scheduled_lag_seconds', 'For how long the first task that waits for its time is overdue.');
  const workers = gauge('workers', 'Workers whose leases are good.');
  for (const { queue, counts, oldestWaitingMs, scheduledLagMs, workers: count } of gauges) {
    for (const state of STATES) tasks.add({ queue, state }, counts[state]);
    paused.add({ queue }, counts.paused ? 1 : 0);
    oldest.add({ queue }, (oldestWaitingMs ?? 0) / 1000);
    lag.add({ queue }, (scheduledLagMs ?? 0) / 1000);
    workers.add({ queue }, count);
  }
  return [tasks, paused, oldest, lag, workers];
}

function ownFamilies(done: ReadonlyMap<string, { readonly byName: ReadonlyMap<string, Figures> }>): MetricFamily[] {
  const runs = new MetricFamily(
    'task_queue_runs_total',
    'counter',
    'Runs of this process by outcome; without a task name what no handler was called for.',
  );
  const waits = new MetricFamily(
    'task_queue_wait_seconds',
    'histogram',
    'From when a task was added until this process began its first run.',
  );
  const times = new MetricFamily('task_queue_run_seconds', 'histogram', 'How long handlers of this process took.');
  for (const [queue, { byName }] of done) {
    for (const [task, figures] of byName) {
      for (const outcome of OUTCOMES) runs.add({ queue, task, outcome }, figures[outcome]);
      waits.addSpans({ queue, task }, figures.waitTime);
      times.addSpans({ queue, task }, figures.runTime);
    }
  }
  return [runs, waits, times];
}

import { describe, expect, it } from 'vitest';
import { Figures } from '../../../lib/broker/figures.js';
import { prometheusText, type QueueGauges } from '../../../lib/monitor/prometheus.js';
import { readPrometheusText, type Sample } from '../../support/prometheus-text.js';

const counts = {
  waiting: 5,
  scheduled: 4,
  active: 3,
  retrying: 2,
  failed: 1,
  paused: true,
  completedPerMinute: 0,
  failedPerMinute: 0,
};
const gaugesOf = (queue: string): QueueGauges => ({
  queue,
  counts,
  oldestWaitingMs: 1_500,
  scheduledLagMs: null,
  workers: 2,
});

function done(...tasks: [queue: string, task: string, figures: Figures][]): Parameters<typeof prometheusText>[1] {
  const byQueue = new Map<string, { byName: Map<string, Figures> }>();
  for (const [queue, task, figures] of tasks) {
    const { byName } = byQueue.get(queue) ?? { byName: new Map<string, Figures>() };
    byQueue.set(queue, { byName: byName.set(task, figures) });
  }
  return byQueue;
}

function figures(...ms: number[]): Figures {
  const all = Object.assign(new Figures(), { completed: 3, failed: 1, retried: 2 });
  for (const each of ms) all.runTime.note(each);
  return all;
}

describe('text for Prometheus', () => {
  const samples = (text: string, name: string): Sample[] =>
    [...readPrometheusText(text).values()].flatMap((family) => family.samples).filter((each) => each.name === name);
  const valueOf = (text: string, name: string, labels: Record<string, string>): number | undefined =>
    samples(text, name).find((each) => JSON.stringify(each.labels) === JSON.stringify(labels))?.value;

  it('is empty where there is nothing', () => {
    expect(prometheusText([], new Map())).toBe('');
  });

  it('has the gauges of each queue, in seconds', () => {
    const text = prometheusText([gaugesOf('a'), gaugesOf('b')], new Map());
    for (const queue of ['a', 'b']) {
      expect(valueOf(text, 'task_queue_tasks', { queue, state: 'waiting' })).toBe(5);
      expect(valueOf(text, 'task_queue_tasks', { queue, state: 'failed' })).toBe(1);
      expect(valueOf(text, 'task_queue_paused', { queue })).toBe(1);
      expect(valueOf(text, 'task_queue_oldest_waiting_seconds', { queue })).toBe(1.5);
      expect(valueOf(text, 'task_queue_scheduled_lag_seconds', { queue })).toBe(0);
      expect(valueOf(text, 'task_queue_workers', { queue })).toBe(2);
    }
  });

  it('has counters and cumulative histograms of each task', () => {
    const text = prometheusText([], done(['q', 'x', figures(0.5, 7, 7, 1e9)], ['q', 'y', figures()]));
    expect(valueOf(text, 'task_queue_runs_total', { queue: 'q', task: 'x', outcome: 'retried' })).toBe(2);
    expect(valueOf(text, 'task_queue_runs_total', { queue: 'q', task: 'y', outcome: 'cancelled' })).toBe(0);
    const bucket = (le: string): number | undefined =>
      valueOf(text, 'task_queue_run_seconds_bucket', { queue: 'q', task: 'x', le });
    expect([bucket('0.001'), bucket('0.005'), bucket('0.01'), bucket('3600'), bucket('+Inf')]).toEqual([1, 1, 3, 3, 4]);
    expect(valueOf(text, 'task_queue_run_seconds_count', { queue: 'q', task: 'x' })).toBe(4);
    expect(valueOf(text, 'task_queue_run_seconds_sum', { queue: 'q', task: 'x' })).toBeCloseTo(1_000_000.0145);
  });

  it.each([
    'quote"',
    'back\\slash',
    'two\nlines',
    '\\',
    '"} 1',
    '\\n',
    'a="b",c="d"',
    '# HELP x',
    '',
    'ünïcödé 🎉',
    '__proto__',
  ])('keeps %j as the name of a task', (task) => {
    const text = prometheusText([], done(['q', task, figures(1)], ['q', `${task}!`, figures(2)]));
    expect(samples(text, 'task_queue_run_seconds_sum').map(({ labels }) => labels['task'])).toEqual([task, `${task}!`]);
  });
});

describe('the checker of the test', () => {
  const GOOD = '# HELP a_total x\n# TYPE a_total counter\na_total{q="1"} 1\n';

  it.each<[what: string, message: string, text: string]>([
    ['a line that does not end', 'does not end', GOOD.slice(0, -1)],
    ['a counter without _total', 'end in _total', GOOD.replaceAll('a_total', 'a')],
    ['a gauge with _total', 'end in _total', GOOD.replace('counter', 'gauge')],
    ['a series twice', 'second sample', `${GOOD}a_total{q="1"} 2\n`],
    ['a family twice', 'second HELP', GOOD + GOOD],
    ['a sample of another family', 'Not in its family', `${GOOD}b 1\n`],
    ['no HELP', 'Without HELP', GOOD.slice(GOOD.indexOf('\n') + 1)],
    ['a label that is not escaped', 'No sample', GOOD.replace('"1"', '"1"2"')],
    ['no base unit', 'Not a base unit', GOOD.replaceAll('a_total', 'a_ms_total')],
    ['a value that is none', 'No sample', GOOD.replace('} 1', '} one')],
    ['a family without samples', 'no samples', GOOD.slice(0, GOOD.lastIndexOf('a_total{'))],
    ['a histogram without +Inf', 'bounds', '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n'],
    [
      'a histogram that is not cumulative',
      'not cumulative',
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
  ])('finds %s', (_what, message, text) => {
    expect(() => readPrometheusText(text)).toThrow(message);
  });

  it('finds nothing wrong with what is right', () => {
    expect(readPrometheusText(GOOD).get('a_total')?.samples).toEqual([
      { name: 'a_total', labels: { q: '1' }, value: 1 },
    ]);
  });
});

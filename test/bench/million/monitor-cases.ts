import { ok } from 'node:assert/strict';
import type { MillionCase } from './million-case.js';

const HOUR = 3_600_000;
const TIMES = 50;

/** Asks as often as somebody would who looks at a dashboard. */
function asked(name: string, ask: (queue: Parameters<MillionCase['run']>[0]) => Promise<string>): MillionCase {
  return {
    name,
    async run(queue) {
      let told = '';
      for (let n = 0; n < TIMES; n++) told = await ask(queue);
      return `${TIMES} times, at last ${told}`;
    },
  };
}

export const monitorCases: readonly MillionCase[] = [
  asked('counts', async ({ broker, partition, ids, traffic }) => {
    const before = traffic.claimed.size;
    const counts = await broker.readings.counts(partition);
    const { waiting, scheduled, retrying, failed, active } = counts;
    ok(waiting + traffic.claimed.size >= ids.waiting.length && waiting <= ids.waiting.length - before + traffic.added);
    ok(scheduled === ids.scheduled.length && retrying === ids.retrying.length && failed === ids.failed.length);
    ok(active >= ids.active.length);
    return JSON.stringify(counts);
  }),
  asked('latency', async ({ broker, partition }) => {
    const [longestWait, lag] = [
      await broker.readings.longestWait(partition),
      await broker.readings.scheduledLag(partition),
    ];
    ok(longestWait !== null && longestWait > 0 && lag === 0);
    return `${longestWait} ms`;
  }),
  asked('workers', async ({ broker, partition }) => {
    const workers = await broker.reports.workers(partition);
    ok(workers.length > 0);
    return `${workers.length}`;
  }),
  asked('history', async ({ broker, partition }) => {
    const now = Date.now();
    return `${(await broker.reports.history(partition, 'minute', now - 24 * HOUR, now)).size} minutes`;
  }),
];

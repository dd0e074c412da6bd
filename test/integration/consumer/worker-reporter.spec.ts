import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { ReportStore } from '../../../lib/broker/report-store.js';
import type { TaskBroker } from '../../../lib/broker/task-broker.js';
import type { ReportingLoop } from '../../../lib/consumer/loop-reports.js';
import { RunTally } from '../../../lib/consumer/run-tally.js';
import type { WorkerFacts } from '../../../lib/consumer/worker-facts.js';
import { WorkerReporter } from '../../../lib/consumer/worker-reporter.js';
import { RedisUnavailableError } from '../../../lib/errors/index.js';
import { openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('worker-reporter');
const { redis } = fixture;
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const EVERY_MS = 20;

/** A loop of the test's own, which says that it does what the test says. */
class Loop implements ReportingLoop {
  readonly partition = q;
  busyCount = 0;

  constructor(public workerId: string | null) {}

  get facts(): ReportingLoop['facts'] {
    return { leaseMs: 60_000, restMs: 480_000, concurrency: 1, busy: [], busyCount: this.busyCount };
  }
}

const open = new Set<WorkerReporter>();
afterEach(() => {
  for (const reporter of open) reporter.stop();
  open.clear();
});

function reporterOf(broker: Pick<TaskBroker, 'reports'>): {
  reporter: WorkerReporter;
  tally: RunTally;
  warnings: string[];
} {
  const tally = new RunTally();
  const warnings: string[] = [];
  const ignore = (): void => undefined;
  const log = { debug: ignore, log: ignore, error: ignore, warn: (text: unknown) => void warnings.push(String(text)) };
  const reporter = new WorkerReporter(broker.reports, () => tally, log, EVERY_MS);
  open.add(reporter);
  return { reporter, tally, warnings };
}

async function completed(broker: TaskBroker): Promise<number> {
  const found = await broker.reports.history(q, 'minute', Date.now() - 600_000, Date.now() + 60_000);
  return [...found.values()].reduce((sum, figures) => sum + figures.completed, 0);
}

/** How many reports this worker has made. */
async function reports(worker: string): Promise<number> {
  return Number.parseInt((await redis.hget(key('task_workers:{q}:info'), worker)) ?? '0');
}

const complete = (tally: RunTally, count: number): void => {
  for (let n = 0; n < count; n++)
    tally.settled({ kind: 'completed', id: `${n}`, result: '1', ranMs: 1, ttlMs: 0 }, null, false);
};

describe('a reporter', () => {
  it('tells of a loop once Redis knows it, and then only while there is something to tell', async () => {
    const broker = openBroker(fixture);
    const { reporter, tally } = reporterOf(broker);
    const loop = new Loop(null);
    reporter.notice(loop);
    await delay(3 * EVERY_MS);
    expect(await fixture.keys()).toEqual([]);
    await broker.join(q, 'w', 60_000);
    loop.workerId = 'w';
    for (let turn = 0; turn < 5; turn++) reporter.notice(loop);
    await eventually(async () => (await reports('w')) === 1);
    await eventually(async () => (await broker.reports.queues())[0] === 'q');
    await delay(4 * EVERY_MS);
    expect(await reports('w')).toBe(1);
    complete(tally, 5);
    await eventually(async () => (await completed(broker)) === 5);
    await delay(4 * EVERY_MS);
    expect(await reports('w')).toBe(2);
  });

  it('tells that a worker is not busy any more', async () => {
    const broker = openBroker(fixture);
    const { reporter } = reporterOf(broker);
    const loop = new Loop('w');
    await broker.join(q, 'w', 60_000);
    loop.busyCount = 1;
    reporter.notice(loop);
    const busy = async (): Promise<number | undefined> => {
      const [worker] = await broker.reports.workers(q);
      return (JSON.parse(worker?.facts ?? '{}') as Partial<WorkerFacts>).busyCount;
    };
    await eventually(async () => (await busy()) === 1);
    await eventually(async () => (await reports('w')) > 2);
    loop.busyCount = 0;
    await eventually(async () => (await busy()) === 0);
    const last = await reports('w');
    await delay(4 * EVERY_MS);
    expect(await reports('w')).toBe(last);
  });

  it('tells under its new id what did not count under one that others had declared dead', async () => {
    const broker = openBroker(fixture);
    const { reporter, tally } = reporterOf(broker);
    const loop = new Loop('old');
    complete(tally, 3);
    reporter.notice(loop);
    await delay(3 * EVERY_MS);
    expect(await completed(broker)).toBe(0);
    await broker.join(q, 'new', 60_000);
    loop.workerId = 'new';
    reporter.notice(loop);
    await eventually(async () => (await completed(broker)) === 3);
    await delay(3 * EVERY_MS);
    expect(await completed(broker)).toBe(3);
  });

  it('tells the rest when its loop leaves, and nothing after that', async () => {
    const broker = openBroker(fixture);
    const { reporter, tally } = reporterOf(broker);
    const loop = new Loop('w');
    await broker.join(q, 'w', 60_000);
    reporter.notice(loop);
    complete(tally, 7);
    await reporter.leaving(loop);
    expect(await completed(broker)).toBe(7);
    complete(tally, 1);
    reporter.notice(loop);
    await delay(3 * EVERY_MS);
    expect(await completed(broker)).toBe(7);
  });

  it('counts once what it told last, where the answer was lost and its queue is worked on again', async () => {
    const broker = openBroker(fixture);
    let losesAnswers = false;
    const store = Object.create(broker.reports, {
      report: {
        value: async (...args: Parameters<typeof broker.reports.report>) => {
          const answer = await broker.reports.report(...args);
          if (losesAnswers) throw new RedisUnavailableError(0);
          return answer;
        },
      },
    }) as ReportStore;
    const { reporter, tally } = reporterOf({ reports: store });
    const [first, second] = [new Loop('w1'), new Loop('w2')];
    for (const { workerId } of [first, second]) await broker.join(q, workerId!, 60_000);
    reporter.notice(first);
    await eventually(async () => (await reports('w1')) === 1);
    complete(tally, 3);
    losesAnswers = true;
    await reporter.leaving(first);
    losesAnswers = false;
    complete(tally, 1);
    reporter.notice(second);
    await eventually(async () => (await completed(broker)) >= 4);
    await delay(3 * EVERY_MS);
    expect(await completed(broker)).toBe(4);
  });

  it('enters its queue again that is known no more', async () => {
    const broker = openBroker(fixture);
    const { reporter, tally } = reporterOf(broker);
    const loop = new Loop('w');
    await broker.join(q, 'w', 60_000);
    reporter.notice(loop);
    await eventually(async () => (await broker.reports.queues()).length === 1);
    await broker.reports.removeQueue('q');
    complete(tally, 1);
    await eventually(async () => (await broker.reports.queues()).length === 1);
  });

  it('complains once where Redis refuses, and tells all of it when it does not any more', async () => {
    const broker = openBroker(fixture);
    const { reporter, tally, warnings } = reporterOf(broker);
    await broker.join(q, 'w', 60_000);
    await redis.set(key('task_workers:{q}:info'), 'of another type');
    complete(tally, 2);
    reporter.notice(new Loop('w'));
    await eventually(() => warnings.length > 0);
    await delay(4 * EVERY_MS);
    complete(tally, 2);
    await delay(2 * EVERY_MS);
    expect(warnings).toHaveLength(1);
    await redis.del(key('task_workers:{q}:info'));
    await eventually(async () => (await completed(broker)) === 4);
  });
});

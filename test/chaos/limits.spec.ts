import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import type { RedisTaskQueueOptions } from '../../lib/index.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { heldBy, heldByAll } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { expectWithinRate } from '../support/windows.js';
import { workerProcesses } from '../support/worker-processes.js';

const LEASE_MS = 1_500;

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-limits', target);

it('kill -9 of the worker that holds all slots of globalConcurrency: they are free again, and never more are held', async () => {
  const options = { lease: LEASE_MS, defaults: { concurrency: 10, globalConcurrency: 3 } };
  const { producer, status } = await startApp({ redis: target.url });
  const victim = await workers.start('victim', options);
  const ids = (await producer.addBulk(Array.from({ length: 12 }, () => ({ name: 'hold', data: { gate: '%' } })))).map(
    ({ id }) => id,
  );
  await eventually(async () => (await heldBy(target.redis, victim.id)).length === 3);
  const others = [await workers.start('one', options), await workers.start('two', options)];
  await Promise.all(others.map(({ label }) => workers.journal.open(label)));

  const watch = watchHeld();
  await delay(100);
  expect(await heldByAll(target.redis)).toBe(3);
  victim.process.kill('SIGKILL');
  await victim.exit;
  await allCompleted(status, ids, { timeoutMs: LEASE_MS + 8_000 });
  expect(await watch.stop()).toBe(3);
  expect(await heldByAll(target.redis)).toBe(0);
});

it('kill -9 in the midst of a rate: the others keep to it, and nothing waits for ever', async () => {
  const rate = { max: 5, perMs: 150 };
  const options: RedisTaskQueueOptions = {
    lease: LEASE_MS,
    defaults: { concurrency: 10, rate: { max: rate.max, per: rate.perMs } },
    tasks: { work: { rate: { max: 4, per: rate.perMs } } },
  };
  const { producer, status } = await startApp({ redis: target.url });
  const victim = await workers.start('victim', options);
  await workers.start('survivor', options);
  const starts = await watchStarts();
  const rows = Array.from({ length: 60 }, () => ({ name: 'work', data: { ms: 20 } }));
  const ids = (await producer.addBulk(rows)).map(({ id }) => id);
  await eventually(
    async () => (await heldBy(target.redis, victim.id)).length > 0 && (await workers.journal.length()) > 15,
  );
  victim.process.kill('SIGKILL');
  await victim.exit;

  await allCompleted(status, ids, { timeoutMs: LEASE_MS + 12_000 });
  expect(starts.length).toBeGreaterThanOrEqual(ids.length);
  expectWithinRate(starts, { max: 4, perMs: rate.perMs });
  expect((await target.redis.keys('*')).filter((key) => /turns|limited/.test(key))).toEqual([]);
  await eventually(async () => (await target.redis.keys('task_starts*')).length === 0, { timeoutMs: 2_000 });
});

/** When tasks `work` were claimed, by Redis's clock, as Redis itself tells. */
async function watchStarts(): Promise<number[]> {
  const times: number[] = [];
  const { hostname, port } = new URL(target.url);
  // Not through ioredis, which gives up where the first line comes together with the answer to MONITOR.
  const monitor = connect(Number(port), hostname);
  onTestFinished(() => void monitor.destroy());
  monitor.write('MONITOR\r\n');
  const lines = createInterface(monitor);
  lines.on('line', (line) => {
    const [command, key, ...entries] = [...line.matchAll(/"([^"]*)"/g)].map(([, text]) => text);
    const isStart = command?.toUpperCase() === 'RPUSH' && key === 'task_starts:{default}:work';
    if (isStart) times.push(...entries.map(Number));
  });
  await once(lines, 'line');
  return times;
}

/** Looks over and over how many tasks are held. @returns what stops it, and answers how many were the most */
function watchHeld(): { stop: () => Promise<number> } {
  let most = 0;
  let stopped = false;
  const looks = (async () => {
    while (!stopped) {
      // One script, so that a task which goes from one worker to another is not seen twice.
      const count = await target.redis.eval(
        "local sum = 0 for _, key in ipairs(redis.call('KEYS', 'task_active:*')) do sum = sum + redis.call('HLEN', key) end return sum",
        0,
      );
      most = Math.max(most, Number(count));
      await delay(2);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await looks;
      return most;
    },
  };
}

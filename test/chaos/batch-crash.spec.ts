import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { heldBy, holders } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import type { HoldData } from '../support/worker-app.js';
import { workerProcesses } from '../support/worker-processes.js';

const LEASE_MS = 1_500;
const OPTIONS = { lease: LEASE_MS };

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-batch-crash', target);

it('kill -9 while a batch runs and another gathers: all run again, and only what had begun has lost an attempt', async () => {
  const { producer, status } = await startApp({ redis: target.url });
  const victim = await workers.start('victim', OPTIONS);
  const data: HoldData = { gate: '%' };
  const ids = (await producer.addBulk(Array.from({ length: 5 }, () => ({ name: 'together', data })))).map(
    ({ id }) => id,
  );
  await eventually(async () => (await status.getMany(ids)).filter((each) => each?.state === 'active').length === 3);
  expect(await heldBy(target.redis, victim.id)).toHaveLength(5);

  victim.process.kill('SIGKILL');
  await victim.exit;
  await workers.journal.open('survivor');
  await workers.start('survivor', OPTIONS);
  const ended = await allCompleted(status, ids, { timeoutMs: LEASE_MS + 7_000 });
  expect(ended.map(({ attempt, result }) => [attempt, result])).toEqual([
    [2, 'survivor'],
    [2, 'survivor'],
    [2, 'survivor'],
    [1, 'survivor'],
    [1, 'survivor'],
  ]);
  expect((await workers.journal.read('began', 'survivor')).map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(await holders(target.redis)).toEqual([]);
});

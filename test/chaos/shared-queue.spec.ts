import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { push } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { workerProcesses } from '../support/worker-processes.js';

const TASKS = 600;

const target = privateRedis();
afterEach(() => expectNoDamage(target));
const workers = workerProcesses('chaos-shared-queue', target);

it('two worker processes share a queue, and no task runs twice', async () => {
  await workers.start('a', { defaults: { concurrency: 4 } });
  await workers.start('b', { defaults: { concurrency: 4 } });
  const { status } = await startApp({ redis: target.url });

  // One ring for all: the worker that hears it has to pass it on.
  const tasks = Array.from({ length: TASKS }, (_, n) => ({ id: `t${n}`, name: 'work', data: { ms: 5 } }));
  await push(target.redis, ...tasks);
  const ids = tasks.map(({ id }) => `default:${id}`);
  await allCompleted(status, ids);

  const began = await workers.journal.read('began');
  expect(began.map(({ id }) => id).sort()).toEqual(ids.toSorted());
  for (const label of ['a', 'b']) {
    const share = began.filter(({ worker }) => worker === label).length / TASKS;
    expect(share, `the share of worker ${label}`).toBeGreaterThan(0.25);
  }
});

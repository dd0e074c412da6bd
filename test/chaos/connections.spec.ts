import { afterEach, expect, it, onTestFinished } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { startApp, stopApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis();
afterEach(() => expectNoDamage(target));

it.each([1, 20])('a process that works on %i queues holds two connections to Redis', async (count) => {
  const queues = Array.from({ length: count }, (_, n) => `q${n}`);
  const warnings: Error[] = [];
  const collect = (warning: Error): void => void warnings.push(warning);
  process.on('warning', collect);
  onTestFinished(() => void process.off('warning', collect));
  const handlers = queues.map((queue) => workHandler(() => queue, { queue }));
  const worker = await startApp({ redis: target.url }, handlers);
  await eventually(() => target.sleepers());

  // While it sleeps, and after it was woken by each of them.
  for (let round = 0; round < 2; round++) {
    expect(await target.connections()).toHaveLength(2);
    const added = await Promise.all(queues.map((queue) => worker.producer.add('work', {}, { queue })));
    const ids = added.map(({ id }) => id);
    const statuses = await allCompleted(worker.status, ids, { timeoutMs: 4_000 });
    expect(statuses.map(({ result }) => result)).toEqual(queues);
  }
  expect(await target.connections()).toHaveLength(2);
  expect(warnings).toEqual([]);

  await stopApp(worker);
  await eventually(async () => (await target.connections()).length === 0);
});

it('a process that only adds tasks holds one connection, although it has handlers', async () => {
  const { producer } = await startApp({ redis: target.url, consume: false }, [workHandler(() => undefined)]);
  await producer.add('work');
  await Promise.all(Array.from({ length: 1_000 }, () => producer.add('work')));
  expect(await target.connections()).toHaveLength(1);
});

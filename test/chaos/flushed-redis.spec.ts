import { afterEach, expect, it } from 'vitest';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { Latch } from '../support/latch.js';
import { privateRedis } from '../support/private-redis.js';
import { push, workerIds } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis();
afterEach(() => expectNoDamage(target));

it('FLUSHALL while a worker idles: it joins again by itself, and runs what is added', async () => {
  const { status } = await startApp({ redis: target.url, lease: 600 }, [workHandler(() => 'done')]);
  await eventually(() => target.sleepers());
  const [worker = ''] = await workerIds(target.redis);

  for (const incarnation of [2, 3]) {
    await target.redis.flushall();
    await eventually(async () => (await workerIds(target.redis)).includes(`${worker}-${incarnation}`));
    await push(target.redis, { id: `t${incarnation}`, name: 'work' });
    const [done] = await allCompleted(status, [`default:t${incarnation}`], { timeoutMs: 2_000 });
    expect(done).toMatchObject({ attempt: 1, result: 'done' });
  }
});

it('FLUSHALL while a worker idles, and a task at once: nobody has to wait for a beat', async () => {
  const { producer, status } = await startApp({ redis: target.url, lease: '1h' }, [workHandler(() => 'done')]);
  await eventually(() => target.sleepers());
  await target.redis.flushall();
  const { id } = await producer.add('work');
  await allCompleted(status, [id], { timeoutMs: 2_000 });
});

it('FLUSHALL while a handler runs: its signal fires, its outcome does not count, the worker goes on', async () => {
  const gate = new Latch();
  const signals: AbortSignal[] = [];
  const work = workHandler(async (_data, { signal }) => {
    signals.push(signal);
    if (signals.length === 1) await gate.opened;
  });
  const { producer, status } = await startApp({ redis: target.url, lease: 600 }, [work]);
  const lost = await producer.add('work');
  await eventually(() => signals.length === 1);

  await target.redis.flushall();
  await eventually(() => signals[0]?.aborted);
  gate.open();
  const { id } = await producer.add('work');
  await allCompleted(status, [id], { timeoutMs: 2_000 });
  expect(await status.get(lost.id)).toBeNull();
});

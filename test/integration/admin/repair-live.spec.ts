import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { encodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { FailTask, SnoozeTask, type TaskContext, TaskQueueAdmin } from '../../../lib/index.js';
import { newTask, openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { privateRedis } from '../../support/private-redis.js';
import { startApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const target = privateRedis();
const q = partitionOf('default');

/** Of ten tasks one is tried again, one snoozes, one fails, and one takes its time. */
function work(data: number, task: TaskContext): unknown {
  const turn = data % 10;
  if (turn === 1 && task.attempt === 1) throw new Error('again');
  if (turn === 2 && !snoozed.has(data)) {
    snoozed.add(data);
    throw new SnoozeTask(1);
  }
  if (turn === 3) throw new FailTask('hopeless');
  return turn === 4 ? delay(5) : undefined;
}
const snoozed = new Set<number>();

it('finds nothing and loses nothing while producers and workers are at full speed', async () => {
  const handler = workHandler(work, { attempts: 3, backoff: 1 });
  const options = { redis: target.url };
  const { app, producer, status } = await startApp(options, [handler]);
  await startApp({ ...options, defaults: { concurrency: 2 } }, [handler]);
  const admin = app.get(TaskQueueAdmin);
  const MIN_MS = 4_000;
  const MIN_ROUNDS = 6;
  const begun = performance.now();
  let isOver = false;
  const ids: string[] = [];
  let cancelled = 0;
  const produce = async (): Promise<void> => {
    while (!isOver) {
      const rows = Array.from({ length: 50 }, (_, i) => ({ name: 'work', data: ids.length + i }));
      const added = (await producer.addBulk(rows)).map(({ id }) => id);
      ids.push(...added);
      if ((await admin.cancel(added.at(-1) ?? ''))?.cancelled) cancelled++;
      await delay(20);
    }
  };
  const producing = Promise.all([produce(), produce()]);
  let rounds = 0;
  while (rounds < MIN_ROUNDS || performance.now() - begun < MIN_MS) {
    const { damages } = await admin.repair('default', { dryRun: rounds++ % 2 === 0 });
    expect(damages).toEqual([]);
  }
  isOver = true;
  await producing;
  await eventually(async () => (await target.redis.exists('task_queue:{default}', 'task_scheduled:{default}')) === 0, {
    timeoutMs: 20_000,
  });
  await eventually(async () => (await target.redis.keys('task_active:*')).length === 0);

  const states = (await status.getMany(ids)).map((each) => each?.state);
  expect(ids.length).toBeGreaterThan(3_000);
  expect(states.filter((state) => state !== 'completed' && state !== 'failed' && state !== 'cancelled')).toEqual([]);
  expect(states.filter((state) => state === 'cancelled')).toHaveLength(cancelled);
  await expectNoDamage(target);
});

it('looks through 20,000 waiting tasks, and none of its scripts takes long', async () => {
  const broker = openBroker({ ...target, prefix: '', keys: async () => [] });
  for (let first = 0; first < 20_000; first += 500) {
    await broker.enqueue(
      q,
      Array.from({ length: 500 }, (_, i) => newTask(`task-${first + i}`, { data: JSON.stringify('x'.repeat(200)) })),
    );
  }
  await broker.enqueue(q, [newTask('large', { data: JSON.stringify('x'.repeat(1_000_000)) })]);
  await target.redis.hset('task_status:{default}:gone', { state: 'waiting', name: 'work' });
  await target.redis.lpush(
    'task_queue:{default}',
    encodeEnvelope('task-10000', 'task', JSON.stringify('x'.repeat(200))),
  );
  await target.redis.config('SET', 'slowlog-log-slower-than', '5000');

  const { app } = await startApp({ redis: target.url, consume: false });
  const admin = app.get(TaskQueueAdmin);
  const expected = [
    ['sameIdTwice', ['default:task-10000']],
    ['statusWithoutTask', ['default:gone']],
  ];
  // On a busy machine any command may be interrupted; one that has too much to do takes long every time.
  let slow: Set<string> | undefined;
  for (let round = 0; round < 8 && slow?.size !== 0; round++) {
    await target.redis.slowlog('RESET');
    const { damages } = await admin.repair('default', { dryRun: true });
    expect(damages.map(({ kind, examples }) => [kind, examples])).toEqual(expected);
    const calls = ((await target.redis.slowlog('GET', '1000')) as [number, number, number, string[]][]).map(
      ([, , , call]) => call.join(' '),
    );
    slow = new Set(calls.filter((call) => slow?.has(call) ?? true));
  }
  expect([...(slow ?? [])]).toEqual([]);

  const { damages } = await admin.repair('default');
  expect(damages.map(({ kind, examples }) => [kind, examples])).toEqual(expected);
  await expectNoDamage(target);
  expect(await target.redis.llen('task_queue:{default}')).toBe(20_001);
});

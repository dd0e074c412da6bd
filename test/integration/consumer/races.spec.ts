import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { OutageLog } from '../../../lib/consumer/outage-log.js';
import { TaskWorker } from '../../../lib/consumer/task-worker.js';
import { RedisUnavailableError, type TaskContext } from '../../../lib/index.js';
import { TaskHandlerRegistry } from '../../../lib/handler/task-handler.registry.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { newTask, RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('races');
const queue = 'default';
const partition = partitionOf(queue);

/** A broker whose answers can be held back, though Redis has given them. */
class HoldingBroker extends RedisBroker {
  private hold: Promise<void> | undefined;
  losesAnswers = false;
  answersHeld = 0;

  holdAnswers(): () => void {
    let release: () => void = () => undefined;
    this.hold = new Promise((resolve) => (release = resolve));
    return () => {
      this.hold = undefined;
      release();
    };
  }

  override async exchange(...call: Parameters<RedisBroker['exchange']>): ReturnType<RedisBroker['exchange']> {
    const reply = await super.exchange(...call);
    if (this.losesAnswers) throw new RedisUnavailableError(0);
    if (this.hold) {
      this.answersHeld++;
      await this.hold;
    }
    return reply;
  }
}

const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of cleanUp.splice(0)) await close();
});

function startWorker(
  invoke: (data: unknown, context: TaskContext) => unknown,
  options: { concurrency?: number; lease?: number } = {},
): HoldingBroker {
  const { concurrency = 10, lease = 15_000 } = options;
  const settings = new TaskQueueSettings(
    { redis: fixture.url, prefix: fixture.prefix, lease, shutdownTimeout: 0, defaults: { concurrency } },
    {},
  );
  const broker = new HoldingBroker(settings);
  const registry = new TaskHandlerRegistry(
    () => [{ name: 'task', queue, origin: 'test', settings: {}, invoke }],
    settings,
  );
  const worker = new TaskWorker(broker, settings, registry, new OutageLog(new Logger('test')));
  void worker.start();
  cleanUp.push(async () => {
    await worker.close();
    await broker.close();
  });
  return broker;
}

async function asleep(): Promise<void> {
  await eventually(async () =>
    ((await fixture.redis.client('LIST')) as string).includes(`name=${fixture.prefix}task_queue:bells`),
  );
  await eventually(async () => !(await fixture.redis.exists(`${fixture.prefix}task_bell:{${queue}}`)));
}

describe('races', () => {
  it('a bell that rings while the answer "nothing waits" is on its way is not forgotten', async () => {
    const ran: unknown[] = [];
    let finishFirst: () => void = () => undefined;
    const broker = startWorker((data) => {
      ran.push(data);
      return data === 1 ? new Promise<void>((resolve) => (finishFirst = resolve)) : undefined;
    });
    await asleep();
    await broker.enqueue(partition, [newTask('a', { data: '1' })]);
    await eventually(() => ran.length === 1);
    await asleep();

    const release = broker.holdAnswers();
    finishFirst();
    await eventually(() => broker.answersHeld === 1);
    await broker.enqueue(partition, [newTask('b', { data: '2' })]);
    // The worker has heard the bell before it gets the older answer.
    await eventually(async () => !(await fixture.redis.exists(`${fixture.prefix}task_bell:{${queue}}`)));
    release();
    await eventually(() => ran.length === 2, { timeoutMs: 2_000 });
    expect(ran).toEqual([1, 2]);
  });

  it('a task that ends while an answer is on its way is settled by the next call, once', async () => {
    const doors: (() => void)[] = [];
    const broker = startWorker(() => new Promise<void>((resolve) => doors.push(resolve)));
    await broker.enqueue(partition, [newTask('a'), newTask('b')]);
    await eventually(() => doors.length === 2);
    const release = broker.holdAnswers();
    doors[0]?.();
    await eventually(() => broker.answersHeld === 1);
    doors[1]?.();
    release();
    await eventually(async () => {
      const [a, b] = await broker.statuses(partition, ['a', 'b']);
      return a?.state === 'completed' && b?.state === 'completed';
    });
    expect(await fixture.redis.lrange(`${fixture.prefix}task_recent:{${queue}}`, 0, -1)).toEqual(['b', 'a']);
  });

  it('what Redis holds for a worker that does not know of it is noticed at a beat, and run', async () => {
    const ran: unknown[] = [];
    const broker = startWorker((data) => ran.push(data), { lease: 600 });
    await eventually(() => fixture.redis.exists(`${fixture.prefix}task_workers:{${queue}}`));
    const [worker = ''] = await fixture.redis.zrange(`${fixture.prefix}task_workers:{${queue}}`, '0', '-1');
    // As a claim does that arrives after the worker has given it up.
    await fixture.redis.hset(
      `${fixture.prefix}task_active:{${queue}}:${worker}`,
      'ghost',
      newTask('ghost', { data: '7' }).envelope,
    );
    await eventually(() => ran.length === 1, { timeoutMs: 3_000 });
    await eventually(async () => (await broker.statuses(partition, ['ghost']))[0]?.state === 'completed');
    expect(ran).toEqual([7]);
  });

  it('what Redis took away from a worker is aborted at a beat, and its outcome dropped', async () => {
    const signals: AbortSignal[] = [];
    const doors: (() => void)[] = [];
    const broker = startWorker(
      (_data, { signal }) => {
        signals.push(signal);
        return new Promise<void>((resolve) => doors.push(resolve));
      },
      { lease: 600 },
    );
    await broker.enqueue(partition, [newTask('a')]);
    await eventually(() => signals.length === 1);
    const [worker = ''] = await fixture.redis.zrange(`${fixture.prefix}task_workers:{${queue}}`, '0', '-1');
    await fixture.redis.hdel(`${fixture.prefix}task_active:{${queue}}:${worker}`, 'a');
    await eventually(() => signals[0]?.aborted, { timeoutMs: 3_000 });
    doors[0]?.();
    await broker.enqueue(partition, [newTask('b')]);
    await eventually(() => doors.length === 2);
    doors[1]?.();
    await eventually(async () => (await broker.statuses(partition, ['b']))[0]?.state === 'completed');
    expect((await broker.statuses(partition, ['a']))[0]?.state).toBe('active');
  });

  it('a worker that was declared dead while it ran goes on under a new id, and its old run does not count', async () => {
    const doors: (() => void)[] = [];
    const attempts: number[] = [];
    const signals: AbortSignal[] = [];
    const broker = startWorker(
      (_data, { attempt, signal }) => {
        attempts.push(attempt);
        signals.push(signal);
        return new Promise<string>((resolve) => doors.push(() => resolve(`attempt ${attempt}`)));
      },
      { lease: 600 },
    );
    await broker.enqueue(partition, [newTask('a')]);
    await eventually(() => doors.length === 1);
    const [worker = ''] = await fixture.redis.zrange(`${fixture.prefix}task_workers:{${queue}}`, '0', '-1');
    // As another worker does that finds the lease run out.
    await fixture.redis.zadd(`${fixture.prefix}task_workers:{${queue}}`, 0, worker);
    await broker.recover(partition, 2, RETENTION);
    await eventually(() => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
    expect(signals[0]?.aborted).toBe(true);
    expect(await fixture.redis.zrange(`${fixture.prefix}task_workers:{${queue}}`, '0', '-1')).toEqual([`${worker}-2`]);
    doors[0]?.();
    doors[1]?.();
    await eventually(async () => (await broker.statuses(partition, ['a']))[0]?.state === 'completed');
    expect((await broker.statuses(partition, ['a']))[0]?.result).toBe('"attempt 2"');
  });

  it('tasks whose claim was never heard of go to others at once when the worker stops', async () => {
    const broker = startWorker(() => 'never run here');
    await asleep();
    broker.losesAnswers = true;
    await broker.enqueue(partition, [newTask('a'), newTask('b')]);
    await eventually(async () => (await fixture.redis.keys(`${fixture.prefix}task_active:*`)).length === 1);
    const [stop] = cleanUp.splice(0, 1);
    const heir = new RedisBroker({ redis: fixture.url, prefix: fixture.prefix, commandTimeoutMs: 5_000 });
    cleanUp.push(() => heir.close());
    await stop?.();
    expect((await heir.recover(partition, 2, RETENTION))?.returned.sort()).toEqual(['a', 'b']);
  });
});

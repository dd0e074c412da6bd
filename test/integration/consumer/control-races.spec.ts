import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { Ring } from '../../../lib/broker/task-broker.js';
import { Consumer } from '../../../lib/consumer/consumer.js';
import { OutageLog } from '../../../lib/consumer/outage-log.js';
import { TaskWorker } from '../../../lib/consumer/task-worker.js';
import { TaskHandlerRegistry } from '../../../lib/handler/task-handler.registry.js';
import type { TaskContext } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { newTask } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('control-races');
const queue = 'default';
const partition = partitionOf(queue);
const key = (name: string): string => `${fixture.prefix}${name}`;
/** Less than after which a worker looks by itself. */
const SOON = { timeoutMs: 2_000 };

/** A broker whose claims and rings can be looked at before the worker gets them. */
class WatchedBroker extends RedisBroker {
  /** Called with how many tasks a call has claimed. */
  onClaimed: (count: number) => Promise<void> | void = () => undefined;
  onRing: (ring: Ring) => Promise<void> | void = () => undefined;

  override async exchange(...call: Parameters<RedisBroker['exchange']>): ReturnType<RedisBroker['exchange']> {
    const reply = await super.exchange(...call);
    if (reply && reply.claimed.length > 0) await this.onClaimed(reply.claimed.length);
    return reply;
  }

  override async sleep(...call: Parameters<RedisBroker['sleep']>): ReturnType<RedisBroker['sleep']> {
    const ring = await super.sleep(...call);
    if (ring) await this.onRing(ring);
    return ring;
  }
}

interface TestWorker {
  broker: WatchedBroker;
  worker: TaskWorker;
  /** Ids, in the order in which they began. */
  began: string[];
}

const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of cleanUp.splice(0)) await close();
});

function startWorker(
  invoke: (context: TaskContext) => unknown = () => undefined,
  { concurrency = 10, shutdownTimeout = 5_000 } = {},
): TestWorker {
  const settings = new TaskQueueSettings(
    { redis: fixture.url, prefix: fixture.prefix, shutdownTimeout, maxBlocked: 0, defaults: { concurrency } },
    {},
  );
  const broker = new WatchedBroker(settings);
  const began: string[] = [];
  const handler = {
    name: 'task',
    queue,
    origin: 'test',
    settings: {},
    invoke: (_data: unknown, context: object) => {
      began.push((context as TaskContext).id.slice(queue.length + 1));
      return invoke(context as TaskContext);
    },
  };
  const worker = new TaskWorker(
    broker,
    settings,
    new TaskHandlerRegistry(() => [handler], settings),
    new OutageLog(new Logger('test')),
  );
  void worker.start();
  cleanUp.push(async () => {
    await worker.close();
    await broker.close();
  });
  return { broker, worker, began };
}

/** So many workers block on bells. */
async function blocked(count: number): Promise<void> {
  await eventually(async () => {
    const clients = ((await fixture.redis.client('LIST')) as string).split('\n');
    const ours = clients.filter((line) => line.includes(`name=${fixture.prefix}`) && line.includes('cmd=brpop'));
    return ours.length === count;
  });
}

/** The same, and nobody has rung. */
async function asleep(count: number): Promise<void> {
  await blocked(count);
  await eventually(async () => !(await fixture.redis.exists(key(`task_bell:{${queue}}`))));
}

const tasks = (count: number): ReturnType<typeof newTask>[] =>
  Array.from({ length: count }, (_, i) => newTask(`t${String(i).padStart(4, '0')}`));
const states = async ({ broker }: TestWorker, ids: string[]): Promise<unknown[]> =>
  (await broker.statuses(partition, ids)).map((status) => status?.state);

describe.each(['pause', 'stop'] as const)('%s', (end) => {
  const consumerOf = ({ worker }: TestWorker): ReturnType<TaskWorker['consumer']> => worker.consumer(queue);
  const endNow = (one: TestWorker): void => void consumerOf(one)[end]();

  it('while a claim is on its way: what it brings runs elsewhere, in its order', async () => {
    const one = startWorker();
    await asleep(1);
    const claimed = new Latch();
    const answer = new Latch();
    one.broker.onClaimed = async () => {
      claimed.open();
      await answer.opened;
    };
    await one.broker.enqueue(partition, tasks(5));
    await claimed.opened;
    endNow(one);
    const other = startWorker(undefined, { concurrency: 1 });
    await asleep(end === 'pause' ? 2 : 1);
    answer.open();
    await eventually(() => other.began.length === 5, SOON);
    expect(one.began).toEqual([]);
    expect(other.began).toEqual(tasks(5).map(({ id }) => id));
  });

  it('when the bell has rung but the worker has not heard it yet: another one hears it', async () => {
    const pair = [startWorker(), startWorker()];
    await asleep(2);
    const ended = new Latch<TestWorker>();
    let isFirst = true;
    for (const each of pair) {
      each.broker.onRing = () => {
        if (isFirst) endNow(each);
        isFirst = false;
        ended.open(each);
      };
    }
    await pair[0]?.broker.enqueue(partition, tasks(1));
    const first = await ended.opened;
    const [other] = pair.filter((each) => each !== first);
    await eventually(() => other?.began.length === 1, SOON);
    expect(first.began).toEqual([]);
  });

  it('when the worker has heard the bell but has not looked yet: another one hears it', async () => {
    const pair = [startWorker(), startWorker()];
    await asleep(2);
    const look = Object.getOwnPropertyDescriptor(Consumer.prototype, 'look')?.value as () => void;
    const ended = new Latch<void>();
    let isFirst = true;
    vi.spyOn(Consumer.prototype, 'look').mockImplementation(function (this: Consumer) {
      look.call(this);
      const [mine] = pair.filter(({ worker }) =>
        (worker as unknown as { consumers: Consumer[] }).consumers.includes(this),
      );
      if (!isFirst || !mine) return;
      isFirst = false;
      endNow(mine);
      ended.open();
    });
    await pair[0]?.broker.enqueue(partition, tasks(1));
    await ended.opened;
    await eventually(() => pair.flatMap(({ began }) => began).length === 1, SOON);
    const states = pair.map((each) => consumerOf(each).state);
    expect(pair.filter(({ began }, i) => began.length > 0 && states[i] !== 'running')).toEqual([]);
  });
});

describe('pause', () => {
  it('of the only one that knew when the next task is due: another one learns of it', async () => {
    const one = startWorker(() => new Promise<void>((resolve) => setTimeout(resolve, 5)));
    await asleep(1);
    const other = startWorker();
    await asleep(2);
    // Only the one that hears the bell learns of it.
    const due = { ...newTask('due'), due: { inMs: 600 } } as unknown as ReturnType<typeof newTask>;
    await one.broker.schedule(partition, [due]);
    await eventually(async () => !(await fixture.redis.exists(key(`task_bell:{${queue}}`))));
    await asleep(2);
    one.worker.consumer(queue).pause();
    await eventually(() => other.began.length === 1, SOON);
    expect(one.began).toEqual([]);
  });

  it('and resume in one go changes nothing', async () => {
    const one = startWorker();
    await asleep(1);
    const consumer = one.worker.consumer(queue);
    for (let i = 0; i < 5; i++) {
      consumer.pause();
      consumer.resume();
    }
    await one.broker.enqueue(partition, tasks(3));
    await eventually(() => one.began.length === 3, SOON);
  });

  it('resume while a claim that was on its way is given back: all run once, in their order', async () => {
    const one = startWorker(undefined, { concurrency: 1 });
    await asleep(1);
    const claimed = new Latch();
    const answer = new Latch();
    one.broker.onClaimed = async () => {
      claimed.open();
      await answer.opened;
    };
    await one.broker.enqueue(partition, tasks(3));
    await claimed.opened;
    const consumer = one.worker.consumer(queue);
    consumer.pause();
    answer.open();
    await eventually(async () => (await states(one, ['t0000']))[0] === 'waiting');
    consumer.resume();
    await eventually(() => one.began.length === 3, SOON);
    expect(one.began).toEqual(['t0000', 't0001', 't0002']);
  });

  it('before Redis was ever reached holds when it is', async () => {
    const one = startWorker();
    one.worker.consumer(queue).pause();
    await one.broker.enqueue(partition, tasks(2));
    await eventually(async () => (await fixture.redis.zcard(key(`task_workers:{${queue}}`))) === 1);
    await blocked(1);
    expect(one.began).toEqual([]);
    one.worker.consumer(queue).resume();
    await eventually(() => one.began.length === 2, SOON);
  });
});

describe('setConcurrency', () => {
  it('down while a claim for more is on its way: what finds no slot runs elsewhere', async () => {
    const doors: (() => void)[] = [];
    const one = startWorker(() => new Promise<void>((resolve) => doors.push(resolve)));
    await asleep(1);
    const claimed = new Latch<number>();
    const answer = new Latch();
    one.broker.onClaimed = async (count) => {
      claimed.open(count);
      await answer.opened;
    };
    await one.broker.enqueue(partition, tasks(10));
    expect(await claimed.opened).toBe(10);
    one.worker.consumer(queue).setConcurrency(1);
    const other = startWorker();
    await asleep(2);
    answer.open();
    await eventually(() => other.began.length === 9, SOON);
    expect(one.began).toEqual(['t0000']);
    doors[0]?.();
  });

  it('while tasks are fetched ahead: never do more begin than it says at that moment', async () => {
    let active = 0;
    let limit = 10;
    let tooMany = 0;
    const one = startWorker(async () => {
      if (++active > limit) tooMany++;
      await new Promise((resolve) => setImmediate(resolve));
      active--;
    });
    const all = tasks(3_000);
    for (let at = 0; at < all.length; at += 500) await one.broker.enqueue(partition, all.slice(at, at + 500));
    const limits = [1, 7, 2, 50, 1, 3];
    let changes = 0;
    await eventually(
      () => {
        limit = limits[changes++ % limits.length] ?? 1;
        one.worker.consumer(queue).setConcurrency(limit);
        return one.began.length >= 3_000;
      },
      { everyMs: 5, timeoutMs: 30_000 },
    );
    expect(tooMany).toBe(0);
    expect(changes).toBeGreaterThan(5);
    expect(new Set(one.began).size).toBe(3_000);
    expect(one.began).toHaveLength(3_000);
  });
});

describe('whatever is done in whatever order', () => {
  const step = fc.record({
    who: fc.constantFrom(0, 1),
    what: fc.constantFrom('start', 'stop', 'pause', 'resume', 'few', 'many', 'add', 'wait'),
  });

  it('every task runs once, and all are done once somebody works', async () => {
    let round = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const ran: string[] = [];
      const pair = [0, 1].map(() =>
        startWorker(async ({ id }) => {
          ran.push(id);
          await new Promise((resolve) => setTimeout(resolve, 1));
        }),
      );
      const [main] = pair;
      let added = 0;
      round++;
      const calls: Promise<void>[] = [];
      for (const { who, what } of steps) {
        const consumer = pair[who]?.worker.consumer(queue);
        if (what === 'start') calls.push(pair[who]?.worker.startConsumers([queue]) ?? Promise.resolve());
        else if (what === 'stop') calls.push(consumer?.stop() ?? Promise.resolve());
        else if (what === 'pause' || what === 'resume') consumer?.[what]();
        else if (what === 'few' || what === 'many') consumer?.setConcurrency(what === 'few' ? 1 : 20);
        else if (what === 'wait') await new Promise((resolve) => setTimeout(resolve, 2));
        else {
          const ids = Array.from({ length: 30 }, () => newTask(`r${round}-${added++}`));
          await main?.broker.enqueue(partition, ids);
        }
      }
      await Promise.all(calls);
      await Promise.all(pair.map(({ worker }) => worker.startConsumers([queue])));
      for (const { worker } of pair) worker.consumer(queue).resume();
      expect(pair.map(({ worker }) => worker.consumer(queue).state)).toEqual(['running', 'running']);
      await eventually(() => ran.length >= added, { timeoutMs: 4_000 });
      for (const close of cleanUp.splice(0)) await close();
      expect(ran).toHaveLength(added);
      expect(new Set(ran).size).toBe(added);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

import { expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { TaskBroker } from '../../../lib/broker/task-broker.js';
import { WorkerLease } from '../../../lib/consumer/worker-lease.js';
import { openBroker, RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('worker-lease');
const q = partitionOf('q');
const ignore = (): void => undefined;

it.each(['join', 'beat'] as const)(
  'what a %s answers after the worker has left does not bring it back',
  async (call) => {
    const broker = openBroker(fixture);
    const answered = new Latch<void>();
    const late: TaskBroker = Object.create(broker, {
      [call]: {
        value: async (...given: Parameters<TaskBroker['join']>) => {
          const reply = await broker[call](...given);
          await answered.opened;
          return reply;
        },
      },
    }) as TaskBroker;
    const beats: unknown[] = [];
    const heldBack = new Set<string>();
    const keeper = {
      hold: (_partition: string, worker: string) => void heldBack.add(worker),
      release: (_partition: string, worker: string) => void heldBack.delete(worker),
      tick: ignore,
      close: async () => undefined,
    };
    const logger = { debug: ignore, log: ignore, warn: ignore, error: ignore };
    const lease = new WorkerLease(q, 'w', 15_000, 2, RETENTION, late, logger, () => void beats.push(1), keeper);
    if (call === 'beat') await lease.join();
    const before = beats.length;
    const calling = call === 'join' ? lease.join() : lease.renew();
    const workers = `${fixture.prefix}task_workers:{q}`;
    await eventually(async () => (await fixture.redis.zcard(workers)) === 1);
    await lease.leave();
    answered.open();
    await calling;
    expect(beats).toHaveLength(before);
    expect([...heldBack]).toEqual([]);
    expect(await fixture.redis.exists(workers)).toBe(0);
  },
);

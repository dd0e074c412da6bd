import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { newTask, openBroker } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('sleep');
const [a, b] = [partitionOf('a'), partitionOf('b')];

/** Resolves once the broker is blocked in Redis. */
async function asleep(): Promise<void> {
  const name = `name=${fixture.prefix}task_queue:bells`;
  await eventually(async () => {
    const clients = ((await fixture.redis.client('LIST')) as string).split('\n');
    return clients.some((line) => line.includes(name) && line.includes('cmd=brpop'));
  });
}

describe('sleep', () => {
  it('ends with the partition whose bell rang', async () => {
    const broker = openBroker(fixture);
    const sleeping = broker.sleep({ partitions: [a, b], workers: [], timeoutMs: 5_000 });
    await asleep();
    await broker.enqueue(b, [newTask('1')]);
    expect(await sleeping).toEqual({ partition: b, isPersonal: false });
  });

  it('can be woken with nobody asleep, and sleeps soundly afterwards', async () => {
    const broker = openBroker(fixture);
    broker.wake();
    const begun = performance.now();
    expect(await broker.sleep({ partitions: [a], workers: [], timeoutMs: 200 })).toBeNull();
    expect(performance.now() - begun).toBeGreaterThan(150);
  });

  it('passes a ring on only where tasks are waiting', async () => {
    const broker = openBroker(fixture);
    await broker.ringAgain(a);
    expect(await fixture.keys()).toEqual([]);
    await broker.enqueue(a, [newTask('1')]);
    await broker.sleep({ partitions: [a], workers: [], timeoutMs: 1_000 });
    await broker.ringAgain(a);
    await broker.ringAgain(a);
    expect(await fixture.redis.llen(`${fixture.prefix}task_bell:{a}`)).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { ManualWorker, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('revive');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

async function start(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
  const broker = openBroker(fixture);
  return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
}

describe('revive', () => {
  it.each(['garbage', '{"id":"a","attempt":1.5}'])('leaves %s, which is no task, where it is', async (element) => {
    const { broker, worker } = await start();
    await fixture.redis.lpush(key('task_queue:{q}'), element);
    const [id = ''] = (await worker.exchange(1))?.malformed ?? [];
    expect(await broker.steering.revive(q, [id])).toEqual([]);
    expect(await worker.exchange(1)).toMatchObject({ claimed: [], malformed: [] });
    expect(await broker.steering.deadLetters(q, null, 5)).toMatchObject([{ id, bytes: element.length }]);
    expect(await broker.statuses(q, [id])).toMatchObject([{ state: 'failed' }]);
    expect(await fixture.redis.pttl(key(`task_status:{q}:${id}`))).toBeGreaterThan(0);
  });
});

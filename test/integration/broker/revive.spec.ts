import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { Outcome } from '../../../lib/broker/exchange.js';
import { ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('revive');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const failed = (id: string): Outcome => ({ kind: 'failed', id, error: '{"name":"E"}', ranMs: 1, ttlMs: 60_000 });

async function start(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
  const broker = openBroker(fixture);
  return { broker, worker: await new ManualWorker(broker, q, 'w').join() };
}

describe('revive', () => {
  it.each(['garbage', '{"id":"a","attempt":1.5}'])('leaves %s, which is no task, where it is', async (element) => {
    const { broker, worker } = await start();
    await fixture.redis.lpush(key('task_queue:{q}'), element);
    const [id = ''] = (await worker.exchange(1))?.malformed ?? [];
    expect(await broker.revive(q, [id])).toEqual([]);
    expect(await worker.exchange(1)).toMatchObject({ claimed: [], malformed: [] });
    expect(await broker.deadLetters(q, null, 5)).toMatchObject([{ id, bytes: element.length }]);
    expect(await broker.statuses(q, [id])).toMatchObject([{ state: 'failed' }]);
    expect(await fixture.redis.pttl(key(`task_status:{q}:${id}`))).toBeGreaterThan(0);
  });

  it('leaves no progress of the last round', async () => {
    const { broker, worker } = await start();
    await broker.enqueue(q, [newTask('a')]);
    await worker.claim(1);
    await worker.exchange(0, [{ kind: 'progress', id: 'a', progress: '90' }, failed('a')]);
    expect(await broker.revive(q, ['a'])).toEqual(['a']);
    expect(await broker.statuses(q, ['a'])).toMatchObject([{ state: 'waiting', progress: null, attempt: 0 }]);
  });
});

describe('a dead letter whose status has expired and whose id is in use again', () => {
  async function reuse(): Promise<{ broker: RedisBroker; worker: ManualWorker }> {
    const { broker, worker } = await start();
    await broker.enqueue(q, [newTask('order-7', { data: '"old"' })]);
    await worker.claim(1);
    await worker.exchange(0, [failed('order-7')]);
    await fixture.redis.del(key('task_status:{q}:order-7'));
    await broker.enqueue(q, [newTask('order-7', { data: '"new"', token: 't' })]);
    return { broker, worker };
  }

  it('is not run beside the new task', async () => {
    const { broker, worker } = await reuse();
    expect(await broker.revive(q, ['order-7'])).toEqual([]);
    const claimed = (await worker.exchange(5))?.claimed ?? [];
    expect(claimed.map((text) => decodeEnvelope(text).data)).toEqual(['new']);
    expect(await fixture.redis.exists(key('task_dead:{q}'), key('task_parked:{q}'))).toBe(0);
  });

  it('does not take the status of the new task with it when it is discarded', async () => {
    const { broker } = await reuse();
    expect(await broker.discard(q, 'order-7')).toBe(false);
    expect(await broker.statuses(q, ['order-7'])).toMatchObject([{ state: 'waiting' }]);
    expect(await broker.enqueue(q, [newTask('order-7', { token: 'other' })])).toEqual(['known']);
    expect(await fixture.redis.exists(key('task_dead:{q}'), key('task_parked:{q}'))).toBe(0);
  });
});

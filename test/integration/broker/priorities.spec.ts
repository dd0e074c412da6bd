import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('priorities');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

async function add(broker: RedisBroker, ...tasks: [id: string, priority: number][]): Promise<void> {
  for (const [id, priority] of tasks) {
    await broker.enqueue(q, [newTask(id, { priority })], { inLanes: priority !== 0 });
  }
}

async function workerOf(broker: RedisBroker, id = 'w1'): Promise<ManualWorker> {
  return new ManualWorker(broker, q, id).join();
}

async function waitingKeys(): Promise<string[]> {
  const keys = await fixture.keys();
  return keys.filter((name) => /queue|priorities/.test(name));
}

describe('aging', () => {
  /** As if the task had been added so long ago. */
  async function backdate(id: string, ms: number): Promise<void> {
    await fixture.redis.hset(key(`task_status:{q}:${id}`), 'created', Date.now() - ms);
  }

  async function claimAll(worker: ManualWorker, count: number, agingMs: number): Promise<string[]> {
    const reply = await worker.exchange(count, [], { agingMs });
    return (reply?.claimed ?? []).map((text) => decodeEnvelope(text).id);
  }

  it('lets a task overtake a higher priority once it has waited long enough', async () => {
    const broker = openBroker(fixture);
    await add(broker, ['low', -1], ['plain', 0], ['high', 5], ['high2', 5]);
    await backdate('low', 65_000);
    await backdate('plain', 30_000);
    const worker = await workerOf(broker);
    expect(await claimAll(worker, 5, 10_000)).toEqual(['low', 'high', 'high2', 'plain']);
    expect(await waitingKeys()).toEqual([]);
  });

  it('goes by the id where there is no status', async () => {
    const broker = openBroker(fixture);
    // A ULID of the year 2016, and one of the year 2096.
    const [old, young] = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '03ARZ3NDEKTSV4RRFFQ69G5FAV'];
    await broker.enqueue(q, [newTask(young)], { withStatus: false });
    await broker.enqueue(q, [newTask(old, { priority: -9 })], { withStatus: false, inLanes: true });
    expect(await claimAll(await workerOf(broker), 5, 1_000)).toEqual([old, young]);
  });

  it('takes what was pushed by hand, whose age nobody knows', async () => {
    const broker = openBroker(fixture);
    await add(broker, ['high', 1000]);
    await fixture.redis.lpush(key('task_queue:{q}'), '{"name":"by-hand"}');
    const reply = await (await workerOf(broker)).exchange(5, [], { agingMs: 60_000 });
    expect(reply?.claimed.map((text) => decodeEnvelope(text).name)).toEqual(['by-hand', 'task']);
  });
});

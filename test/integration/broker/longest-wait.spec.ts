import { ulid } from 'ulid';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { ManualWorker, newTask, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('longest-wait');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}task_${name}:{q}`;
const MINUTE = 60_000;

const idOfAge = (minutes: number): string => ulid(Date.now() - minutes * MINUTE);

/** Adds tasks that seem to be so old. */
async function add(
  broker: RedisBroker,
  minutes: number,
  place: { priority?: number; group?: string } = {},
): Promise<string> {
  const id = idOfAge(minutes);
  await broker.enqueue(q, [newTask(id, place)], { inLanes: true, withStatus: false });
  return id;
}

async function minutes(broker: RedisBroker): Promise<number | null> {
  const waitMs = await broker.readings.longestWait(q);
  return waitMs === null ? null : Math.round(waitMs / MINUTE);
}

describe('the longest wait', () => {
  it('is none where nothing waits', async () => {
    expect(await openBroker(fixture).readings.longestWait(q)).toBeNull();
    expect(await fixture.keys()).toEqual([]);
  });

  it('is that of the head of the queue', async () => {
    const broker = openBroker(fixture);
    for (const age of [5, 3, 1]) await add(broker, age);
    expect(await minutes(broker)).toBe(5);
    const worker = await new ManualWorker(broker, q, 'w').join();
    await worker.claim(2);
    expect(await minutes(broker)).toBe(1);
    await worker.claim(1);
    expect(await minutes(broker)).toBeNull();
  });

  it.each<[string, { priority?: number; group?: string }]>([
    ['of a low priority', { priority: -7 }],
    ['of a high priority', { priority: 7 }],
    ['of a group', { group: 'g' }],
  ])('may be that of a task %s', async (_what, place) => {
    const broker = openBroker(fixture);
    await add(broker, 1);
    await add(broker, 9, place);
    expect(await minutes(broker)).toBe(9);
  });

  it('may be that of a task whose group rests, of a suspect, and of one that waits for the turn of its name', async () => {
    const broker = openBroker(fixture);
    await add(broker, 4, { group: 'g' });
    await add(broker, 3, { group: 'g' });
    const worker = await new ManualWorker(broker, q, 'w').join();
    await worker.exchange(1, [], { groupConcurrency: 1 });
    await worker.exchange(1, [], { groupConcurrency: 1 });
    expect(await fixture.redis.zrange(`${key('groups')}:resting`, '0', '-1')).toEqual(['group:g']);
    expect(await minutes(broker)).toBe(3);

    await fixture.redis.lpush(key('suspects'), newTask(idOfAge(6)).envelope);
    expect(await minutes(broker)).toBe(6);

    await fixture.redis.zadd(key('turns'), '1', 'task');
    await fixture.redis.lpush(`${key('queue')}:turn:task`, newTask(idOfAge(8)).envelope);
    expect(await minutes(broker)).toBe(8);
  });

  it('begins when a task is due, not when it was added', async () => {
    const broker = openBroker(fixture);
    const id = idOfAge(60);
    await broker.schedule(q, [{ ...newTask(id), due: { inMs: 0 } }]);
    const worker = await new ManualWorker(broker, q, 'w').join();
    expect(await broker.readings.longestWait(q)).toBeNull();
    await worker.exchange(0);
    expect(await broker.readings.longestWait(q)).toBeLessThan(5_000);
    expect(await fixture.redis.llen(key('queue'))).toBe(1);
  });

  it('begins anew when a dead letter is put back', async () => {
    const broker = openBroker(fixture);
    const id = await add(broker, 60);
    const worker = await new ManualWorker(broker, q, 'w').join();
    await worker.claim(1);
    const { deadLetterTtlMs: ttlMs } = RETENTION;
    await worker.exchange(0, [{ kind: 'failed', id, error: '{"name":"x","message":"y"}', ranMs: 1, ttlMs }]);
    expect(await broker.steering.revive(q, [id])).toEqual([id]);
    expect(await broker.readings.longestWait(q)).toBeLessThan(5_000);
  });

  it('goes by the status of a task with an id of its own', async () => {
    const broker = openBroker(fixture);
    await broker.enqueue(q, [newTask('own', { token: 't' })]);
    await fixture.redis.hset(`${fixture.prefix}task_status:{q}:own`, 'created', Date.now() - 2 * MINUTE);
    expect(await minutes(broker)).toBe(2);
  });

  it('is looked for only until so many bytes were read', async () => {
    const broker = openBroker(fixture);
    const data = JSON.stringify('x'.repeat(2 ** 20));
    const large = newTask(idOfAge(1), { priority: -3, data });
    await broker.enqueue(q, [large], { inLanes: true, withStatus: false });
    await add(broker, 9, { group: 'g' });
    expect(await minutes(broker)).toBe(1);
    await add(broker, 5);
    expect(await minutes(broker)).toBe(5);
  });

  it('passes over what does not say since when it waits', async () => {
    const broker = openBroker(fixture);
    await fixture.redis.lpush(key('queue'), '{"name":"foreign"}', 'nonsense');
    expect(await broker.readings.longestWait(q)).toBeNull();
    await add(broker, 3);
    expect(await minutes(broker)).toBe(3);
  });
});

describe('probe', () => {
  it('leaves nothing behind', async () => {
    await openBroker(fixture).probe();
    expect(await fixture.keys()).toEqual([]);
  });
});

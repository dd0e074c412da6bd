import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('counts');
const { redis } = fixture;
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}task_${name}:{q}`;

describe('counts', () => {
  it('write nothing', async () => {
    await openBroker(fixture).readings.counts(q);
    expect(await fixture.keys()).toEqual([]);
  });

  it('read thousands of groups in pages, each of them once', async () => {
    const broker = openBroker(fixture);
    const groups = Array.from({ length: 2_500 }, (_, n) => n);
    for (let from = 0; from < groups.length; from += 100) {
      const tasks = groups.slice(from, from + 100).flatMap((n) => {
        const group = `g${n}`;
        return [newTask(`a${n}`, { group }), ...(n % 5 === 0 ? [newTask(`b${n}`, { group })] : [])];
      });
      await broker.enqueue(q, tasks, { inLanes: true });
    }
    await broker.enqueue(q, [newTask('plain')]);
    expect(await broker.readings.counts(q)).toMatchObject({ waiting: 3_001, active: 0 });
  });

  it('know of suspects, of groups that rest, and of what waits for the turn of its name', async () => {
    const broker = openBroker(fixture);
    await redis.lpush(key('suspects'), 'a');
    await redis.zadd(`${key('groups')}:resting`, 1, 'group:g');
    await redis.lpush(`${key('queue')}:group:g`, 'b', 'c');
    await redis.zadd(key('turns'), 1, 'mail');
    await redis.lpush(`${key('queue')}:turn:mail`, 'd', 'e', 'f');
    expect(await broker.readings.counts(q)).toMatchObject({ waiting: 6 });
  });

  it('are paused where nothing may be claimed for ever, not where handlers were told to wait', async () => {
    const broker = openBroker(fixture);
    await redis.set(key('limited'), '1', 'PX', 60_000);
    expect(await broker.readings.counts(q)).toMatchObject({ paused: false });
    await redis.set(key('limited'), '1');
    expect(await broker.readings.counts(q)).toMatchObject({ paused: true });
  });

  it('of a queue that never retries leave no key behind', async () => {
    const broker = openBroker(fixture);
    const worker = await new ManualWorker(broker, q, 'w').join();
    await broker.schedule(q, [{ ...newTask('a'), due: { inMs: 0 } }]);
    await worker.claim(1);
    expect(await fixture.keys()).not.toContain('task_scheduled:{q}:retrying');
  });
});

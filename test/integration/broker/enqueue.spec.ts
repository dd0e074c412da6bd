import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('enqueue');
const email = partitionOf('email');

describe('enqueue', () => {
  it('writes envelope, status and one token, as the layout says', async () => {
    await openBroker(fixture).enqueue(email, [newTask('1', { name: 'email.send' }), newTask('2')]);

    expect(await fixture.keys()).toEqual([
      'task_bell:{email}',
      'task_queue:{email}',
      'task_status:{email}:1',
      'task_status:{email}:2',
    ]);
    const { redis, prefix } = fixture;
    expect(await redis.lrange(`${prefix}task_queue:{email}`, 0, -1)).toEqual([
      '{"id":"2","attempt":0,"name":"task","data":{}}',
      '{"id":"1","attempt":0,"name":"email.send","data":{}}',
    ]);
    expect(await redis.llen(`${prefix}task_bell:{email}`)).toBe(1);
    const status = await redis.hgetall(`${prefix}task_status:{email}:1`);
    expect(status).toEqual({
      state: 'waiting',
      name: 'email.send',
      created: expect.stringMatching(/^\d{13}$/) as string,
    });
  });

  it('enters when a task expires, by the clock of Redis', async () => {
    const broker = openBroker(fixture);
    await broker.enqueue(email, [newTask('1'), { ...newTask('2'), expiresInMs: 60_000 }, newTask('3')]);
    const waiting = await fixture.redis.lrange(`${fixture.prefix}task_queue:{email}`, 0, -1);
    const seconds = Number((await fixture.redis.time())[0]);
    const { expiresAt } = JSON.parse(waiting[1] ?? '') as { expiresAt: number };
    expect(Math.abs(expiresAt - seconds * 1000 - 60_000)).toBeLessThan(5_000);
    expect(waiting[0]).not.toContain('expiresAt');
  });

  it('never leaves more than one token in the bell', async () => {
    const broker = openBroker(fixture);
    for (let i = 0; i < 5; i++) await broker.enqueue(email, [newTask(`${i}`)]);
    expect(await fixture.redis.llen(`${fixture.prefix}task_bell:{email}`)).toBe(1);
  });
});

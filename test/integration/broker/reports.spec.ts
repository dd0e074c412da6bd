import { describe, expect, it } from 'vitest';
import { BUCKETS_MS, Figures } from '../../../lib/broker/figures.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { ManualWorker, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('reports');
const { redis } = fixture;
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const HOUR = 3_600_000;

function figures(): Figures {
  const all = Object.assign(new Figures(), { completed: 1, failed: 1, retried: 1, cancelled: 1 });
  for (const ms of [...BUCKETS_MS, Infinity]) {
    all.waitTime.note(Math.min(ms, 1e10));
    all.runTime.note(Math.min(ms, 1e10));
  }
  return all;
}

describe('what workers report', () => {
  it('is kept in one hash for each hour and each day, which go by themselves', async () => {
    const broker = openBroker(fixture);
    await new ManualWorker(broker, q, 'w').join();
    for (let number = 1; number <= 50; number++) {
      await broker.reports.report(q, { worker: 'w', number, facts: '{}', figures: figures() });
    }
    const hashes = (await fixture.keys()).filter((name) => name.startsWith('task_history:{q}:'));
    const [hour = '', day = ''] = ['hour', 'day'].map((span) => hashes.find((name) => name.includes(`:${span}:`)));
    // An hour may have ended meanwhile.
    expect(hashes.length).toBeLessThanOrEqual(4);
    expect(hour).toMatch(/^task_history:{q}:hour:\d+$/);
    const [hourTtl, dayTtl] = await Promise.all([redis.pttl(key(hour)), redis.pttl(key(day))]);
    expect(hourTtl).toBeGreaterThan(24 * HOUR - 1_000);
    expect(hourTtl).toBeLessThanOrEqual(25 * HOUR);
    expect(dayTtl).toBeGreaterThan(30 * 24 * HOUR - 1_000);
    expect(dayTtl).toBeLessThanOrEqual(31 * 24 * HOUR);
    // So many for each minute: at most one more has begun meanwhile.
    const perMinute = 4 + 2 * (BUCKETS_MS.length + 2);
    expect([perMinute, 2 * perMinute]).toContain(await redis.hlen(key(hour)));
  });

  it('leaves nothing but the status of the worker where nothing was done', async () => {
    const broker = openBroker(fixture);
    await new ManualWorker(broker, q, 'w').join();
    await broker.reports.report(q, { worker: 'w', number: 1, facts: '{}', figures: new Figures() });
    expect((await fixture.keys()).filter((name) => name.startsWith('task_history'))).toEqual([]);
  });

  it('is counted as what was done in the last full minute, and not as what is done in this one', async () => {
    const broker = openBroker(fixture);
    const minute = Math.floor(Date.now() / 60_000);
    const put = async (at: number, completed: number): Promise<unknown> =>
      redis.hset(key(`task_history:{q}:hour:${Math.floor(at / 60)}`), `${at % 60}:completed`, completed);
    await put(minute - 1, 7);
    await put(minute, 3);
    const { completedPerMinute } = await broker.readings.counts(q);
    expect(completedPerMinute).toBe(Math.floor(Date.now() / 60_000) === minute ? 7 : 3);
  });

  it('of itself is forgotten with the worker, whether it leaves or others take over from it', async () => {
    const broker = openBroker(fixture);
    const info = key('task_workers:{q}:info');
    await new ManualWorker(broker, q, 'leaves').join();
    const dead = await new ManualWorker(broker, q, 'dies').join();
    for (const worker of ['leaves', 'dies']) {
      await broker.reports.report(q, { worker, number: 1, facts: '{}', figures: new Figures() });
    }
    expect((await redis.hkeys(info)).sort()).toEqual(['dies', 'leaves']);
    await broker.leave(q, 'leaves');
    expect(await redis.hkeys(info)).toEqual(['dies']);
    await redis.zadd(key('task_workers:{q}'), 1, dead.id);
    await broker.recover(q, 2, RETENTION);
    expect(await redis.exists(info)).toBe(0);
  });

  it('of hundreds of workers is read in pages', async () => {
    const broker = openBroker(fixture);
    const ids = Array.from({ length: 450 }, (_, n) => `w${n}`);
    await redis.zadd(key('task_workers:{q}'), ...ids.flatMap((id) => [Date.now() + 60_000, id]));
    const found = (await broker.reports.workers(q)).map(({ worker }) => worker);
    expect(found.sort()).toEqual(ids.sort());
  });

  it('leaves out fields of other versions and what others wrote', async () => {
    const broker = openBroker(fixture);
    const hour = Math.floor(Date.now() / HOUR);
    await redis.hset(key(`task_history:{q}:hour:${hour}`), {
      '0:completed': 5,
      '0:run:7': 3,
      '0:exploded': 1,
      '0:__proto__:1': 1,
      '99999:completed': 1,
      nonsense: 1,
    });
    const found = await broker.reports.history(q, 'minute', hour * HOUR, (hour + 1) * HOUR);
    expect([...found.keys()]).toEqual([hour * HOUR]);
    expect(found.get(hour * HOUR)).toEqual(Object.assign(new Figures(), { completed: 5 }));
  });
});

import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import type { Overlap } from '../../../lib/broker/schedule-store.js';
import { completed, ManualWorker, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { newSchedule, tick, tickId } from '../../support/ticks.js';

const fixture = redisFixture('schedules');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}task_${name}:{q}`;

/** By Redis's clock, in whole seconds. */
async function secondsAgo(seconds: number): Promise<number> {
  const [now] = await fixture.redis.time();
  return (Number(now) - seconds) * 1_000;
}

async function start(overlap: Overlap = 'allow'): Promise<{ broker: RedisBroker; worker: ManualWorker; t: number }> {
  const broker = openBroker(fixture);
  const t = await secondsAgo(60);
  await broker.schedules.upsert(q, newSchedule('s', { overlap }), t, undefined);
  return { broker, worker: await new ManualWorker(broker, q, 'w').join(), t };
}

const queueLength = async (): Promise<number> => fixture.redis.llen(key('queue'));

describe('a tick', () => {
  it('is not made again where its status is gone, because nothing is kept', async () => {
    const { broker, worker, t } = await start();
    await tick(broker, 's', [t]);
    await worker.claim(1);
    await worker.exchange(0, [completed(tickId('s', t), { ttlMs: 0 })]);
    expect(await broker.statuses(q, [tickId('s', t)])).toEqual([null]);
    expect(await tick(broker, 's', [t])).toBeNull();
    expect(await queueLength()).toBe(0);
  });

  it('whose id is taken adds nothing, and the schedule goes on', async () => {
    const { broker, t } = await start();
    await fixture.redis.hset(`${key('status')}:${tickId('s', t)}`, 'state', 'completed');
    await fixture.redis.set(`${key('status')}:${tickId('s', t + 1_000)}`, 'something else');
    expect(await tick(broker, 's', [t, t + 1_000, t + 2_000])).toEqual(['known', 'refused', 'made']);
    expect(await queueLength()).toBe(1);
  });
});

describe('overlap', () => {
  it('queue: where nobody told it, what waits comes with the next tick', async () => {
    const { broker, worker, t } = await start('queue');
    await tick(broker, 's', [t, t + 1_000]);
    await fixture.redis.del(key('queue'), `${key('status')}:${tickId('s', t)}`);
    expect(await tick(broker, 's', [t + 2_000])).toEqual(['queued']);
    expect(await worker.claim(5)).toEqual([tickId('s', t + 1_000)]);
  });
});

describe('a schedule', () => {
  it('tells every worker of the queue when it changes, and only then', async () => {
    const { broker, worker, t } = await start();
    const revision = async (): Promise<number | undefined> =>
      (await broker.beat(q, worker.id, 60_000))?.scheduleRevision;
    const bell = `${key('bell')}:w`;
    await fixture.redis.del(bell);
    const before = (await revision()) ?? 0;
    await broker.schedules.upsert(q, newSchedule('s'), t, undefined);
    expect([await revision(), await fixture.redis.llen(bell)]).toEqual([before, 0]);
    await broker.schedules.upsert(q, newSchedule('s', { overlap: 'skip' }), t, undefined);
    expect([await revision(), await fixture.redis.llen(bell)]).toEqual([before + 1, 1]);
    expect(await fixture.redis.pttl(bell)).toBeGreaterThan(0);
  });

  it('is due when its tick is, and the first of the others tells when to look again', async () => {
    const { broker, t } = await start();
    const later = await secondsAgo(-100);
    await broker.schedules.upsert(q, newSchedule('later'), later, undefined);
    await broker.schedules.upsert(q, newSchedule('latest'), later + 1_000, undefined);
    await broker.schedules.upsert(q, newSchedule('paused'), t, undefined);
    await broker.schedules.pause(q, 'paused');
    await fixture.redis.zadd(key('schedules'), t, 'without definition');
    const { due, nowMs, nextInMs, revision } = await broker.schedules.due(q);
    expect(due).toEqual([{ name: 's', tickMs: t, timing: newSchedule('s').timing, catchUp: 'last' }]);
    expect(nowMs + (nextInMs ?? 0)).toBe(later);
    expect(revision).toBe(4);
    expect(await fixture.redis.zscore(key('schedules'), 'without definition')).toBeNull();
    expect((await broker.schedules.list(q)).map(({ name }) => name)).toEqual(['s', 'later', 'latest', 'paused']);
  });

  it.each(['upsert', 'tick', 'run'])('of another layout is left alone by %s', async (call) => {
    const { broker, t } = await start();
    await fixture.redis.hset(key('meta'), 'layout', '99');
    const calls = {
      upsert: () => broker.schedules.upsert(q, newSchedule('s', { overlap: 'skip' }), t, undefined),
      tick: () => tick(broker, 's', [t]),
      run: () => broker.schedules.run(q, 's', 'id', Infinity),
    };
    await expect(calls[call as keyof typeof calls]()).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
    expect(await queueLength()).toBe(0);
  });
});

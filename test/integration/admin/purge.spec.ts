import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { adminDesk } from '../../support/admin-desk.js';
import { completed, newTask } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('admin-purge');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const TTL_MS = 3_600_000;

describe('purge', () => {
  it('removes old dead letters, the oldest first, and no younger ones', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const w = await worker();
    const die = async (...ids: string[]): Promise<void> => {
      await broker.enqueue(
        q,
        ids.map((id) => newTask(id)),
      );
      await w.claim(ids.length);
      await w.exchange(
        0,
        ids.map((id) => ({ kind: 'failed', id, error: '{}', ranMs: 0, ttlMs: TTL_MS }) as const),
      );
    };
    const old = Array.from({ length: 120 }, (_, row) => `old${row}`);
    await die(...old.slice(0, 60));
    await die(...old.slice(60));
    await delay(300);
    await die('young');
    expect((await admin.purge('q', 'failed', 250, { dryRun: true })).done).toBe(120);
    expect((await admin.purge('q', 'failed', 250)).done).toBe(120);
    expect(await fixture.redis.zrange(key('task_dead:{q}'), '0', '-1')).toEqual(['young']);
    expect(await fixture.redis.hkeys(key('task_parked:{q}'))).toEqual(['young']);
    expect((await broker.statuses(q, ['old0', 'young'])).map((status) => status?.state)).toEqual([undefined, 'failed']);
    await expectNoDamage(fixture, 'q');
  });

  it('removes the statuses of what ended long ago, and their logs', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const w = await worker();
    const ids = Array.from({ length: 150 }, (_, row) => `t${row}`);
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
    const claimed = [...(await w.claim(100)), ...(await w.claim(50))];
    await w.exchange(
      0,
      claimed.map((id) => completed(id)),
    );
    await fixture.redis.rpush(key('task_logs:{q}:t1'), 'line');
    await broker.enqueue(q, [newTask('open'), newTask('off')]);
    await broker.steering.cancel(q, 'off', 'not wanted', TTL_MS);
    expect((await admin.purge('q', 'completed', '1h')).done).toBe(0);
    expect((await admin.purge('q', 'completed', 0, { dryRun: true })).done).toBe(150);
    expect((await admin.purge('q', 'completed', 0)).done).toBe(150);
    // It still stands in its list.
    expect((await admin.purge('q', 'cancelled', 0)).done).toBe(0);
    expect(await w.claim(2)).toEqual(['open']);
    expect((await admin.purge('q', 'cancelled', 0)).done).toBe(1);
    expect(await fixture.redis.exists(key('task_logs:{q}:t1'))).toBe(0);
    const statuses = (await fixture.keys()).filter((name) => name.startsWith('task_status'));
    expect(statuses).toEqual(['task_status:{q}:open']);
  });

  it('ends what has waited too long, and leaves the rest in its order', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(
      q,
      ['a', 'b', 'c'].map((id) => newTask(id)),
    );
    await broker.enqueue(q, [newTask('p', { priority: 2 })], { inLanes: true });
    await delay(300);
    await broker.enqueue(
      q,
      ['x', 'y'].map((id) => newTask(id)),
    );
    expect((await admin.purge('q', 'waiting', 250, { dryRun: true })).done).toBe(4);
    expect((await admin.purge('q', 'waiting', 250)).done).toBe(4);
    expect(await status('q:p')).toMatchObject({ state: 'cancelled', reason: 'purged' });
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(2);
    expect(await (await worker()).claim(10)).toEqual(['x', 'y']);
    await expectNoDamage(fixture, 'q');
  });

  it('takes old ones out from between others that came back before them', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    const w = await worker();
    const ids = Array.from({ length: 500 }, (_, row) => `t${String(row).padStart(3, '0')}`);
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
    // Every third one is old.
    for (const [row, id] of ids.entries()) {
      if (row % 3 === 0) await fixture.redis.hset(key(`task_status:{q}:${id}`), 'created', 1_000);
    }
    expect((await admin.purge('q', 'waiting', '1h')).done).toBe(167);
    expect(await w.claim(600)).toEqual(ids.filter((_, row) => row % 3 !== 0));
    expect(await status('q:t498')).toMatchObject({ state: 'cancelled', reason: 'purged' });
  });

  it('misses none while workers take tasks and give them back', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const ids = Array.from({ length: 2_000 }, (_, row) => `t${String(row).padStart(4, '0')}`);
    for (let at = 0; at < ids.length; at += 500) {
      await broker.enqueue(
        q,
        ids.slice(at, at + 500).map((id) => newTask(id)),
      );
    }
    // The older half is to stay, and workers are at it.
    const old = ids.slice(1_000);
    for (const id of old) await fixture.redis.hset(key(`task_status:{q}:${id}`), 'created', 1_000);
    const w = await worker();
    // What is in its hands at that moment is not waiting.
    const givenBack = new Set<string>();
    let isOver = false;
    const working = (async () => {
      while (!isOver) {
        const claimed = await w.claim(12);
        const back = claimed.filter((_, row) => row % 4 === 0);
        for (const id of back) givenBack.add(id);
        await w.exchange(0, [
          ...claimed.filter((id) => !back.includes(id)).map((id) => completed(id)),
          ...back.map((id) => ({ kind: 'released', id, began: false }) as const),
        ]);
      }
    })();
    await admin.purge('q', 'waiting', '1h');
    isOver = true;
    await working;
    const left = await fixture.redis.lrange(key('task_queue:{q}'), 0, -1);
    const waiting = new Set(left.map((text) => /"id":"(\w+)"/.exec(text)?.[1]));
    expect(old.filter((id) => waiting.has(id) && !givenBack.has(id))).toEqual([]);
    await expectNoDamage(fixture, 'q');
  });

  it('comes to its end although workers give tasks back all the while', async () => {
    const { broker } = adminDesk(fixture);
    const ids = Array.from({ length: 1_000 }, (_, row) => `t${String(row).padStart(4, '0')}`);
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id, { name: id === 't0999' ? 'last' : 'task' })),
    );
    const walk = {
      place: { kind: 'list', list: '' },
      action: { kind: 'end', reason: 'purged', ttlMs: 60_000 },
      filter: { name: 'last' },
      isDry: false,
    } as const;
    let [cursor, pages, done]: [string | null, number, number] = [null, 0, 0];
    do {
      const page = await broker.queues.walk(q, walk, cursor);
      [cursor, pages, done] = [page.next, pages + 1, done + page.done];
      await fixture.redis.rpush(
        key('task_queue:{q}'),
        newTask(`back${pages}a`).envelope,
        newTask(`back${pages}b`).envelope,
      );
    } while (cursor !== null && pages < 100);
    expect({ cursor, done }).toEqual({ cursor: null, done: 1 });
  });

  it('ends what waits for its time, by state', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    const w = await worker();
    await w.claim(1);
    await w.exchange(0, [{ kind: 'retrying', id: 'a', error: '{}', ranMs: 0, delayMs: 60_000 }]);
    await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
    await delay(20);
    expect((await admin.purge('q', 'scheduled', '1h')).done).toBe(0);
    expect((await admin.purge('q', 'scheduled', 10)).done).toBe(1);
    expect((await admin.purge('q', 'retrying', 10)).done).toBe(1);
    expect(await status('q:a')).toMatchObject({ state: 'cancelled', reason: 'purged' });
    await expectNoDamage(fixture, 'q');
  });

  it('refuses what runs, and ages that are none', async () => {
    const { admin } = adminDesk(fixture);
    await expect(admin.purge('q', 'active' as 'waiting', '1h')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.purge('q', 'failed', 'long' as '1h')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.purge('q', undefined as never, '1h')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { adminDesk } from '../../support/admin-desk.js';
import { completed, newTask } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('admin-move');
const [q, r] = [partitionOf('q'), partitionOf('r')];
const key = (name: string): string => `${fixture.prefix}${name}`;

const numbered = (count: number, start = 't'): string[] =>
  Array.from({ length: count }, (_, row) => `${start}${String(row).padStart(5, '0')}`);

async function expectBothWhole(): Promise<void> {
  await expectNoDamage(fixture, 'q');
  await expectNoDamage(fixture, 'r');
}

describe('move', () => {
  it('takes all that waits to the end of the other line, in order, with its place', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(r, [newTask('first')]);
    await broker.enqueue(
      q,
      numbered(300).map((id) => newTask(id)),
    );
    await broker.enqueue(q, [newTask('high', { priority: 7 }), newTask('g', { group: 'x' })], { inLanes: true });
    await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
    const { due } = await status('q:late');
    expect(await admin.move('q', 'r', {}, { dryRun: true })).toEqual({ queue: 'q', done: 303, kept: 0, dryRun: true });
    expect(await fixture.redis.exists(key('task_scheduled:{r}'))).toBe(0);
    expect(await admin.move('q', 'r')).toEqual({ queue: 'q', done: 303, kept: 0, dryRun: false });
    expect(await status('r:t00000')).toMatchObject({ state: 'waiting', name: 'task' });
    expect(await status('r:high')).toMatchObject({ state: 'waiting', priority: '7' });
    expect(await status('r:late')).toMatchObject({ state: 'scheduled', due });
    expect(await status('q:t00000')).toMatchObject({ state: 'cancelled', reason: 'moved to r:t00000' });
    expect(await fixture.redis.pttl(key('task_status:{q}:t00000'))).toBeGreaterThan(0);
    expect(await fixture.redis.pttl(key('task_status:{r}:t00000'))).toBe(-1);
    const w = await worker('w1', 'r');
    const claimed = await w.claim(100);
    for (let more = claimed; more.length > 0; claimed.push(...more)) more = await w.claim(100);
    expect(claimed[0]).toBe('high');
    expect(claimed.filter((id) => /^(t|first)/.test(id))).toEqual(['first', ...numbered(300)]);
    expect(claimed).toContain('g');
    await expectBothWhole();
  });

  it('takes what the filter means, and leaves the rest in its order', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const tasks = numbered(250).map((id, row) =>
      newTask(id, { name: row % 5 === 0 ? 'mail' : 'bill', data: JSON.stringify({ to: row % 2 ? 'ann "x"' : 'bob' }) }),
    );
    await broker.enqueue(q, tasks);
    expect((await admin.move('q', 'r', { name: 'mail', search: 'ann "x"' })).done).toBe(25);
    expect((await admin.move('q', 'r', { olderThan: '1h' })).done).toBe(0);
    const isMoved = (row: number): boolean => row % 5 === 0 && row % 2 === 1;
    const [w, other] = [await worker('w1', 'q'), await worker('w1', 'r')];
    expect(await w.claim(250)).toEqual(numbered(250).filter((_, row) => !isMoved(row)));
    expect(await other.claim(250)).toEqual(numbered(250).filter((_, row) => isMoved(row)));
    await expectBothWhole();
  });

  it('keeps attempts, errors and the time of what waits for its next attempt', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    const w = await worker();
    await w.claim(1);
    await w.exchange(0, [
      { kind: 'logged', id: 'a', lines: [{ at: 1, attempt: 1, n: 1, line: 'tried' }] },
      { kind: 'retrying', id: 'a', error: '{"name":"E"}', ranMs: 0, delayMs: 60_000 },
    ]);
    const due = await fixture.redis.zscore(key('task_scheduled:{q}'), 'a');
    expect((await admin.move('q', 'r', { state: 'scheduled' })).done).toBe(0);
    expect((await admin.move('q', 'r', { state: 'retrying' })).done).toBe(1);
    expect(await fixture.redis.zscore(key('task_scheduled:{r}'), 'a')).toBe(due);
    expect(await fixture.redis.hget(key('task_parked:{r}'), 'a')).toContain('"attempt":1');
    expect(await status('r:a')).toMatchObject({ state: 'retrying', error: '{"name":"E"}' });
    expect([await broker.logs(q, 'a', 0, 9), await broker.logs(r, 'a', 0, 9)]).toMatchObject([[], [{ line: 'tried' }]]);
    await expectBothWhole();
  });

  it('takes dead letters only where they are meant', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    const w = await worker();
    await w.claim(2);
    const died = { kind: 'failed', error: '{}', ranMs: 0, ttlMs: 60_000 } as const;
    await w.exchange(0, [
      { ...died, id: 'a' },
      { ...died, id: 'b' },
    ]);
    expect((await admin.move('q', 'r')).done).toBe(0);
    expect((await admin.move('q', 'r', { state: 'failed' })).done).toBe(2);
    expect(await status('r:a')).toMatchObject({ state: 'failed' });
    expect(await fixture.redis.pttl(key('task_status:{r}:a'))).toBeGreaterThan(0);
    expect(await broker.steering.revive(r, ['a'])).toEqual(['a']);
    expect(await fixture.redis.exists(key('task_dead:{q}'), key('task_parked:{q}'))).toBe(0);
    await expectBothWhole();
  });

  it('takes what has lost its status, wherever it stands', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('dead'), newTask('again')]);
    await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
    const w = await worker();
    await w.claim(2);
    await w.exchange(0, [
      { kind: 'failed', id: 'dead', error: '{}', ranMs: 0, ttlMs: 60_000 },
      { kind: 'retrying', id: 'again', error: '{}', ranMs: 0, delayMs: 60_000 },
    ]);
    await fixture.redis.del(...['dead', 'again', 'late'].map((id) => key(`task_status:{q}:${id}`)));
    for (const state of ['failed', 'retrying', 'scheduled'] as const) {
      expect(await admin.move('q', 'r', { state })).toMatchObject({ done: 1 });
    }
    expect(await status('r:dead')).toEqual({});
    expect(await status('r:again')).toMatchObject({ state: 'retrying', name: 'task' });
    expect(await status('r:late')).toMatchObject({ state: 'scheduled', name: 'task' });
    expect(await broker.steering.revive(r, ['dead'])).toEqual(['dead']);
    expect(await fixture.redis.exists(key('task_dead:{q}'), key('task_parked:{q}'), key('task_scheduled:{q}'))).toBe(0);
    await expectBothWhole();
  });

  it('leaves what the other queue knows, and what holds a key', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('same'), newTask('new')]);
    await broker.enqueue(r, [newTask('same')]);
    await broker.addLocked(q, [{ ...newTask('one-u'), lock: { key: 'k', until: 'finished' } }]);
    await broker.schedule(q, [{ ...newTask('later'), due: { inMs: 60_000 } }]);
    await broker.schedule(r, [{ ...newTask('later'), due: { inMs: 60_000 } }]);
    const report = { queue: 'q', done: 1, kept: 3 };
    expect(await admin.move('q', 'r', {}, { dryRun: true })).toEqual({ ...report, dryRun: true });
    expect(await admin.move('q', 'r')).toEqual({ ...report, dryRun: false });
    await expectBothWhole();
    expect(await (await worker()).claim(5)).toEqual(['same', 'one-u']);
  });

  it('moves what others pushed as it is, and what has no status', async () => {
    const { admin, broker, worker } = adminDesk(fixture, { status: 'final' });
    await fixture.redis.lpush(key('task_queue:{q}'), '{"name":"theirs"}');
    await broker.enqueue(q, [newTask('a')], { withStatus: false });
    expect((await admin.move('q', 'r')).done).toBe(2);
    expect((await fixture.keys()).filter((name) => name.startsWith('task_status'))).toEqual([]);
    expect(await (await worker('w1', 'r')).claim(2)).toHaveLength(2);
  });

  it('gives a status to what had none where each task of the other queue has one', async () => {
    const { admin, broker, status } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')], { withStatus: false });
    await admin.move('q', 'r');
    expect(await status('r:a')).toMatchObject({ state: 'waiting', name: 'task' });
    await expectBothWhole();
  });

  it('has each task in exactly one queue while workers of both are at it', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const ids = numbered(900);
    for (let at = 0; at < ids.length; at += 300) {
      await broker.enqueue(
        q,
        ids.slice(at, at + 300).map((id) => newTask(id)),
      );
    }
    const ran = new Map<string, number>();
    let isOver = false;
    const work = async (queue: string): Promise<void> => {
      const w = await worker(`w-${queue}`, queue);
      while (!isOver) {
        const [back, ...rest] = await w.claim(9);
        for (const id of rest) ran.set(id, (ran.get(id) ?? 0) + 1);
        await w.exchange(0, [
          ...rest.map((id) => completed(id)),
          ...(back === undefined ? [] : [{ kind: 'released', id: back, began: false } as const]),
        ]);
      }
    };
    const working = [work('q'), work('r')];
    await admin.move('q', 'r');
    await delay(50);
    isOver = true;
    await Promise.all(working);
    for (const queue of ['q', 'r']) {
      const w = await worker(`last-${queue}`, queue);
      for (let got = await w.claim(50); got.length > 0; got = await w.claim(50)) {
        for (const id of got) ran.set(id, (ran.get(id) ?? 0) + 1);
        await w.exchange(
          0,
          got.map((id) => completed(id)),
        );
      }
    }
    expect([...ran.values()].every((count) => count === 1)).toBe(true);
    expect(new Set(ran.keys())).toEqual(new Set(ids));
    await expectBothWhole();
  });

  it('takes tasks back that came from the other queue', async () => {
    const { admin, broker, worker, status } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
    await admin.move('q', 'r');
    expect(await admin.move('r', 'q')).toMatchObject({ done: 2, kept: 0 });
    expect(await status('r:a')).toMatchObject({ state: 'cancelled', reason: 'moved to q:a' });
    expect(await status('q:a')).not.toHaveProperty('reason');
    expect(await fixture.redis.pttl(key('task_status:{q}:a'))).toBe(-1);
    await expectBothWhole();
    expect(await (await worker()).claim(2)).toEqual(['a']);
  });

  it('tells those who wait for the old id', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    const told: string[] = [];
    const watch = broker.watchStatuses({ changed: (_, id) => told.push(id), missed: () => undefined });
    await watch.enter(q, ['a']);
    await admin.move('q', 'r');
    await expect.poll(() => told).toContain('a');
    watch.close();
  });

  it('refuses the queue itself, filters that it does not know, and another layout', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    await expect(admin.move('q', 'q')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.move('q', '')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    await expect(admin.move('q', 'r', { state: 'active' as 'waiting' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    await expect(admin.move('q', 'r', { search: '' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await fixture.redis.hset(key('task_meta:{r}'), 'layout', 99);
    await expect(admin.move('q', 'r')).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
    await fixture.redis.hset(key('task_meta:{r}'), 'layout', 1);
    await fixture.redis.hset(key('task_meta:{q}'), 'layout', 99);
    const mismatch = { code: 'LAYOUT_MISMATCH', message: expect.stringContaining('"q"') as string };
    await expect(admin.move('q', 'r')).rejects.toMatchObject(mismatch);
    await expect(admin.drain('q', { scheduled: true })).rejects.toMatchObject(mismatch);
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(1);
  });
});

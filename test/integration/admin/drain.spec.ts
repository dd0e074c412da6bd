import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { adminDesk } from '../../support/admin-desk.js';
import { newTask } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('admin-drain');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

const numbered = (count: number, start = ''): string[] =>
  Array.from({ length: count }, (_, row) => `${start}${String(row).padStart(5, '0')}`);

describe('drain', () => {
  it('drops a queue of any length in pages, and leaves none of its places behind', async () => {
    const { admin, broker, status } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(700).map((id) => newTask(id)),
    );
    await broker.enqueue(
      q,
      numbered(20, 'p').map((id) => newTask(id, { priority: 3 })),
      { inLanes: true },
    );
    await broker.enqueue(
      q,
      numbered(20, 'g').map((id, row) => newTask(id, { group: `g${row % 4}` })),
      { inLanes: true },
    );
    const progress: number[] = [];
    const onProgress = ({ done }: { done: number }): void => void progress.push(done);
    expect(await admin.drain('q', { dryRun: true })).toEqual({ queue: 'q', done: 740, kept: 0, dryRun: true });
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(700);
    expect(await admin.drain('q', { onProgress })).toEqual({ queue: 'q', done: 740, kept: 0, dryRun: false });
    expect(progress.length).toBeGreaterThan(7);
    expect(progress.at(-1)).toBe(740);
    expect(await status('q:00000')).toMatchObject({ state: 'cancelled', reason: 'drained', name: 'task' });
    const left = (await fixture.keys()).filter((name) => !name.startsWith('task_status'));
    expect(left).toEqual(['task_bell:{q}', 'task_recent:{q}']);
    expect(await fixture.redis.llen(key('task_recent:{q}'))).toBe(740);
    await expectNoDamage(fixture, 'q');
  });

  it('ends between two pages where it is aborted, and what is done is done', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(300).map((id) => newTask(id)),
    );
    const reason = new Error('enough');
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }): void => {
      if (done > 0) controller.abort(reason);
    };
    const options = { signal: controller.signal, onProgress };
    await expect(admin.drain('q', options)).rejects.toBe(reason);
    const left = await fixture.redis.llen(key('task_queue:{q}'));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(300);
    await expect(admin.drain('q', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(left);
    await expectNoDamage(fixture, 'q');
  });

  it.each([100, 300])('leaves %i that are scheduled, unless they are meant', async (count) => {
    const { admin, broker, status } = adminDesk(fixture);
    await broker.schedule(
      q,
      numbered(count).map((id) => ({ ...newTask(id), due: { inMs: 60_000 } })),
    );
    expect((await admin.drain('q')).done).toBe(0);
    expect((await admin.drain('q', { scheduled: true, dryRun: true })).done).toBe(count);
    expect((await admin.drain('q', { scheduled: true })).done).toBe(count);
    expect(await status(`q:${numbered(count).at(-1)}`)).toMatchObject({ state: 'cancelled', reason: 'drained' });
    expect(await fixture.redis.exists(key('task_scheduled:{q}'), key('task_parked:{q}'))).toBe(0);
    await expectNoDamage(fixture, 'q');
  });

  it('waits for who is told of its progress, and ends where that fails', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(300).map((id) => newTask(id)),
    );
    const onProgress = async ({ done }: { done: number }): Promise<void> => {
      await fixture.redis.ping();
      if (done > 0) throw new Error('enough');
    };
    await expect(admin.drain('q', { onProgress })).rejects.toThrow('enough');
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBeGreaterThan(0);
  });

  it('drops what others pushed, and what is no task', async () => {
    const { admin, status } = adminDesk(fixture);
    await fixture.redis.lpush(key('task_queue:{q}'), '{"id":"own","name":"theirs"}', 'nonsense');
    expect((await admin.drain('q')).done).toBe(2);
    expect(await status('q:own')).toMatchObject({ state: 'cancelled', name: 'theirs' });
    expect(await fixture.redis.exists(key('task_queue:{q}'))).toBe(0);
  });

  it('comes to its end although producers go on', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(400).map((id) => newTask(id)),
    );
    let added = 0;
    const adding: Promise<unknown>[] = [];
    const onProgress = (): void => {
      const ids = numbered(100, `late${added++}-`);
      adding.push(
        broker.enqueue(
          q,
          ids.map((id) => newTask(id)),
        ),
      );
    };
    const { done } = await admin.drain('q', { onProgress });
    await Promise.all(adding);
    expect(done).toBeGreaterThanOrEqual(400);
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(400 + 100 * added - done);
    await expectNoDamage(fixture, 'q');
  });

  it('drops also what comes to wait for the turn of its name meanwhile, and what becomes due', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.schedule(
      q,
      numbered(100, 's').map((id) => ({ ...newTask(id, { priority: 7 }), due: { inMs: 0 } })),
    );
    await broker.enqueue(
      q,
      numbered(500).map((id) => newTask(id)),
    );
    const w = await worker();
    const limits = { names: { task: { max: 1, perMs: 3_600_000 } } };
    await w.exchange(0);
    const working: Promise<unknown>[] = [];
    const onProgress = (): void => void working.push(w.exchange(1, [], { limits }));
    expect((await admin.drain('q', { scheduled: true, onProgress })).done).toBe(599);
    await Promise.all(working);
    const lanes = ['', ':turn:task', ':priority:7'].map((lane) => key(`task_queue:{q}${lane}`));
    expect(await fixture.redis.exists(...lanes, key('task_turns:{q}'))).toBe(0);
    await expectNoDamage(fixture, 'q');
  });

  it('lets every task end once, with workers at it', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const ids = numbered(600);
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
    const workers = [await worker('w1'), await worker('w2')];
    let isOver = false;
    const working = workers.map(async (each) => {
      while (!isOver) {
        const claimed = await each.claim(7);
        const [back, ...rest] = claimed;
        await each.exchange(0, [
          ...rest.map((id) => ({ kind: 'completed', id, result: '1', ranMs: 0, ttlMs: 60_000 }) as const),
          ...(back === undefined ? [] : [{ kind: 'released', id: back, began: false } as const]),
        ]);
      }
    });
    await admin.drain('q');
    isOver = true;
    await Promise.all(working);
    await admin.drain('q');
    const records = await broker.statuses(q, ids);
    const states = records.map((record) => record?.state);
    expect(states.filter((state) => state !== 'completed' && state !== 'cancelled')).toEqual([]);
    expect(new Set(states)).toEqual(new Set(['completed', 'cancelled']));
    await expectNoDamage(fixture, 'q');
  });

  it('refuses what it cannot understand before anything is done', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    await expect(admin.drain('no queue')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    await expect(admin.drain('q', { dryrun: true } as object)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.drain('q', { signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(admin.drain('q', null as unknown as object)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await fixture.redis.llen(key('task_queue:{q}'))).toBe(1);
  });
});

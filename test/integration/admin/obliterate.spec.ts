import { describe, expect, it } from 'vitest';
import { encodeBody } from '../../../lib/broker/envelope.js';
import { Figures } from '../../../lib/broker/figures.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { adminDesk, type AdminDesk } from '../../support/admin-desk.js';
import { began, completed, type ManualWorker, newTask, RETENTION } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('admin-obliterate');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;
const TTL_MS = 3_600_000;

const numbered = (count: number, start = 't'): string[] =>
  Array.from({ length: count }, (_, row) => `${start}${String(row).padStart(5, '0')}`);

async function addSchedule(broker: RedisBroker, name: string, owner?: string): Promise<void> {
  const timing = JSON.stringify({ everyMs: 60_000 });
  const rest = { catchUp: 'last', overlap: 'allow', task: 'work', expiresInMs: undefined } as const;
  const nextMs = (await broker.queues.clock()) + 60_000;
  await broker.schedules.upsert(q, { name, timing, body: encodeBody('work', '{}'), ...rest }, nextMs, { owner });
  if (owner !== undefined) await broker.schedules.noteQueuesOf(owner, ['q', 'other']);
}

/** Lets a queue use everything that leaves keys. @returns its worker, which holds a task */
async function useEverything({ broker, worker }: AdminDesk): Promise<ManualWorker> {
  await broker.enqueue(
    q,
    ['dead', 'done', 'retrying', 'held', 'turn', 'turn2'].map((id) => newTask(id)),
  );
  const w = await worker();
  await w.exchange(4, [], {
    limits: { rate: { max: 100, perMs: 60_000 }, names: { other: { max: 1, perMs: 60_000 } } },
  });
  await w.exchange(2, [], { limits: { names: { task: { max: 1, perMs: 60_000 } } } });
  await w.exchange(0, [
    began('held'),
    { kind: 'failed', id: 'dead', error: '{}', ranMs: 0, ttlMs: TTL_MS },
    completed('done'),
    { kind: 'retrying', id: 'retrying', error: '{}', ranMs: 0, delayMs: 60_000 },
  ]);
  await broker.enqueue(
    q,
    [
      newTask('high', { priority: 7 }),
      newTask('low', { priority: -7 }),
      ...numbered(6, 'g').map((id, row) => newTask(id, { group: `g${row % 3}` })),
    ],
    { inLanes: true },
  );
  await broker.steering.setGroup(q, 'g1', { concurrency: 1, weight: 2, rate: { max: 5, perMs: 60_000 } });
  await w.exchange(4, [], { groupConcurrency: 1 });
  await broker.schedule(q, [{ ...newTask('late'), due: { inMs: 60_000 } }]);
  await broker.addLocked(q, [{ ...newTask('one-u'), lock: { key: 'k', until: 'finished' } }]);
  const debounce = { key: 'd', maxWaitMs: 60_000, waitsForRun: true };
  for (const id of ['two-u', 'three-u']) {
    await broker.addLocked(q, [{ ...newTask(id), due: { inMs: 60_000 }, lock: debounce }]);
  }
  await addSchedule(broker, 's');
  await addSchedule(broker, 'owned', 'app');
  await broker.enqueue(q, [newTask('off')]);
  await broker.steering.cancel(q, 'off', 'not wanted', TTL_MS);
  await broker.steering.cancel(q, 'held', 'not wanted', TTL_MS);
  await fixture.redis.lpush(key('task_suspects:{q}'), newTask('suspect').envelope);
  await fixture.redis.rpush(key('task_logs:{q}:done'), 'line');
  const figures = new Figures();
  figures.completed = 1;
  await broker.reports.report(q, { worker: 'w1', number: 1, facts: '{}', figures });
  await broker.reports.enterQueue('q');
  await broker.queues.pause(q);
  return w;
}

describe('obliterate', () => {
  it('leaves no key of a queue that has used everything, and touches no other queue', async () => {
    const desk = adminDesk(fixture);
    const { admin, broker, worker } = desk;
    const before = await fixture.keys();
    const w = await useEverything(desk);
    await broker.enqueue(partitionOf('q2'), [newTask('theirs:{q}')]);
    const watch = broker.watchStatuses({ changed: () => undefined, missed: () => undefined });
    await watch.enter(q, ['late']);
    const kinds = new Set((await fixture.keys()).map((name) => name.replace(/:\{q\}.*/, '')));
    expect(kinds.size).toBeGreaterThan(20);

    await expect(admin.obliterate('q')).rejects.toMatchObject({ code: 'QUEUE_IN_USE' });
    await broker.leave(q, 'w1');
    await expect(admin.obliterate('q', { dryRun: true })).rejects.toMatchObject({ code: 'QUEUE_IN_USE' });
    const count = (await fixture.keys()).filter((name) => /^task_\w+:\{q\}/.test(name)).length;
    expect((await admin.obliterate('q', { force: true, dryRun: true })).done).toBe(count);
    expect((await fixture.keys()).filter((name) => /^task_\w+:\{q\}/.test(name))).toHaveLength(count);

    expect((await admin.obliterate('q', { force: true })).done).toBeGreaterThanOrEqual(count - 1);
    watch.close();
    const left = (await fixture.keys()).filter((name) => !before.includes(name));
    expect(left.filter((name) => !name.includes('{q2}'))).toEqual(['task_schedule_queues:app']);
    expect(await fixture.redis.smembers(key('task_schedule_queues:app'))).toEqual(['other']);
    expect(left).toContain('task_status:{q2}:theirs:{q}');
    expect(await w.exchange(1, [completed('held')])).toBeNull();
    // It can begin anew.
    await broker.enqueue(q, [newTask('high')]);
    expect(await (await worker('w2')).claim(5)).toEqual(['high']);
    await expectNoDamage(fixture, 'q');
    await expectNoDamage(fixture, 'q2');
  });

  it('works without force once nobody is there', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a'), newTask('b')]);
    const w = await worker();
    await w.claim(1);
    await w.exchange(0, [completed('a')]);
    await broker.leave(q, 'w1');
    await admin.obliterate('q');
    expect(await fixture.keys()).toEqual([]);
    expect((await admin.obliterate('q')).done).toBe(0);
  });

  it('takes more groups, priorities and schedules away than go at one moment', async () => {
    const { admin, broker } = adminDesk(fixture);
    for (let at = 0; at < 1_200; at += 300) {
      const ids = numbered(300, `g${at}-`);
      await broker.enqueue(
        q,
        ids.map((id) => newTask(id, { group: id })),
        { inLanes: true },
      );
      // What is no task does not keep it from its end.
      const pipeline = fixture.redis.pipeline();
      for (const id of ids) pipeline.lpush(key(`task_queue:{q}:group:${id}`), 'nonsense');
      await pipeline.exec();
    }
    for (const name of numbered(5, 's')) await addSchedule(broker, name);
    await admin.obliterate('q');
    expect(await fixture.keys()).toEqual([]);
  });

  it('leaves a whole queue behind where producers go on all the while', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(3_000).map((id) => newTask(id)),
    );
    let isOver = false;
    let count = 0;
    const producing = (async () => {
      while (!isOver) {
        const [a, b, c, d] = numbered(4, `n${count++}-`) as [string, string, string, string];
        await Promise.all([
          broker.enqueue(q, [newTask(a)]),
          broker.enqueue(q, [newTask(b, { group: `g${count % 7}` }), newTask(c, { priority: 3 })], { inLanes: true }),
          broker.schedule(q, [{ ...newTask(d), due: { inMs: 60_000 } }]),
        ]);
      }
    })();
    for (let round = 0; round < 5; round++) await admin.obliterate('q');
    isOver = true;
    await producing;
    expect(count).toBeGreaterThan(5);
    await expectNoDamage(fixture, 'q');
    expect(await fixture.redis.hlen(key('task_parked:{q}'))).toBe(await fixture.redis.zcard(key('task_scheduled:{q}')));
    const w = await worker();
    for (let got = await w.claim(50); got.length > 0; got = await w.claim(50)) {
      expect((await broker.statuses(q, got)).every((status) => status?.state === 'active')).toBe(true);
      await w.exchange(
        0,
        got.map((id) => completed(id)),
      );
    }
    await broker.recover(q, 2, RETENTION);
    await expectNoDamage(fixture, 'q');
  });

  it('leaves what came since: workers on the list of queues, and who watches new tasks', async () => {
    const { broker } = adminDesk(fixture);
    const watch = broker.watchStatuses({ changed: () => undefined, missed: () => undefined });
    await broker.reports.enterQueue('q');
    await watch.enter(q, ['old']);
    const step = async (cursor: string | null): Promise<string | null> => {
      const page = await broker.queues.erase(q, { force: true, isDry: false }, cursor);
      if ('workers' in page) throw new Error('refused');
      return page.next;
    };
    let cursor = await step(null);
    expect(await broker.reports.queues()).toEqual([]);
    await broker.reports.enterQueue('q');
    await watch.enter(q, ['new']);
    while (cursor !== null) cursor = await step(cursor);
    watch.close();
    expect(await broker.reports.queues()).toEqual(['q']);
    expect(await fixture.redis.zrange(key('task_watched:{q}'), '0', '-1')).toEqual(['new']);
  });

  it('goes on where an abort has put an end to it', async () => {
    const { admin, broker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(1_500).map((id) => newTask(id)),
    );
    const controller = new AbortController();
    const reason = new Error('enough');
    const options = { signal: controller.signal, onProgress: () => controller.abort(reason) };
    await expect(admin.obliterate('q', options)).rejects.toBe(reason);
    expect(await fixture.redis.exists(key('task_queue:{q}'))).toBe(0);
    expect((await fixture.keys()).length).toBeGreaterThan(0);
    await admin.obliterate('q');
    expect(await fixture.keys()).toEqual([]);
  });
});

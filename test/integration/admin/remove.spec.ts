import { describe, expect, it } from 'vitest';
import { encodeBody } from '../../../lib/broker/envelope.js';
import { partitionOf } from '../../../lib/broker/partition.js';
import { adminDesk } from '../../support/admin-desk.js';
import { completed, newTask, RETENTION } from '../../support/broker-fixture.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('admin-remove');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, row) => `t${String(row).padStart(5, '0')}`);

describe('remove', () => {
  it('finds a task in the midst of a long queue, and leaves the order of the rest', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      numbered(700).map((id) => newTask(id)),
    );
    await fixture.redis.rpush(key('task_logs:{q}:t00350'), 'line');
    for (const id of ['t00350', 't00000', 't00699']) expect(await admin.remove(`q:${id}`)).toBe(true);
    expect(await admin.remove('q:t00350')).toBe(false);
    expect(await fixture.redis.exists(key('task_status:{q}:t00350'), key('task_logs:{q}:t00350'))).toBe(0);
    const w = await worker();
    const claimed: string[] = [];
    for (let got = await w.claim(100); got.length > 0; got = await w.claim(100)) claimed.push(...got);
    expect(claimed).toEqual(numbered(700).filter((id) => !['t00350', 't00000', 't00699'].includes(id)));
    await expectNoDamage(fixture, 'q');
  });

  it('finds what waits for the turn of its name, and what was lost too often', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.enqueue(
      q,
      ['a', 'b', 'c'].map((id) => newTask(id)),
    );
    const w = await worker();
    const limits = { names: { task: { max: 1, perMs: 60_000 } } };
    await w.exchange(3, [], { limits });
    expect(await fixture.redis.llen(key('task_queue:{q}:turn:task'))).toBe(2);
    expect(await admin.remove('q:c')).toBe(true);
    expect(await admin.remove('q:b')).toBe(true);
    expect(await fixture.redis.exists(key('task_queue:{q}:turn:task'), key('task_turns:{q}'))).toBe(0);
    for (let died = 0; died < 2; died++) {
      const id = died === 0 ? 'w1' : 'w2';
      const holder = died === 0 ? w : await worker('w2');
      if (died > 0) await holder.claim(1);
      await holder.exchange(0, [{ kind: 'began', id: 'a', ranMs: 0 }]);
      await broker.leave(q, id);
      await fixture.redis.zadd(key('task_workers:{q}'), 1, id);
      await broker.recover(q, 2, RETENTION);
    }
    expect(await fixture.redis.llen(key('task_suspects:{q}'))).toBe(1);
    expect(await admin.remove('q:a')).toBe(true);
    expect(await fixture.redis.exists(key('task_suspects:{q}'))).toBe(0);
    await expectNoDamage(fixture, 'q');
  });

  it('leaves what a worker holds, and takes it once it is back', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    await broker.enqueue(q, [newTask('a')]);
    const w = await worker();
    await w.claim(1);
    expect(await admin.remove('q:a')).toBe(false);
    await w.exchange(0, [{ kind: 'released', id: 'a', began: false }]);
    expect(await admin.remove('q:a')).toBe(true);
    expect(await w.claim(1)).toEqual([]);
  });

  it('lets the tick go on that waits for the task', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const [seconds] = await fixture.redis.time();
    const at = (Number(seconds) - 60) * 1_000;
    const timing = JSON.stringify({ everyMs: 1_000 });
    const schedule = {
      name: 's',
      timing,
      catchUp: 'last',
      overlap: 'queue',
      task: 'work',
      expiresInMs: undefined,
    } as const;
    await broker.schedules.upsert(q, { ...schedule, body: encodeBody('work', '{}') }, at, undefined);
    const tick = async (ms: number): Promise<unknown> =>
      broker.schedules.tick(q, { name: 's', timing, tickMs: ms, ticks: [ms], nextMs: ms + 1_000, maxLength: Infinity });
    await tick(at);
    expect(await tick(at + 1_000)).toEqual(['queued']);
    expect(await admin.remove(`q:schedule:s:${new Date(at).toISOString()}`)).toBe(true);
    expect(await (await worker()).claim(5)).toEqual([`schedule:s:${new Date(at + 1_000).toISOString()}`]);
  });

  it('removes exactly one of two that race: either the worker gets it, or it is gone', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const ids = numbered(200);
    await broker.enqueue(
      q,
      ids.map((id) => newTask(id)),
    );
    const w = await worker();
    const claimed: string[] = [];
    const working = (async () => {
      for (let got = await w.claim(3); got.length > 0; got = await w.claim(3)) {
        claimed.push(...got);
        await w.exchange(
          0,
          got.map((id) => completed(id, { ttlMs: 60_000 })),
        );
      }
    })();
    const removed = await Promise.all(ids.map(async (id) => ((await admin.remove(`q:${id}`)) ? id : undefined)));
    await working;
    const open = removed.filter((id) => id !== undefined && !claimed.includes(id));
    // What was removed after it had ended was claimed before.
    expect(new Set([...claimed, ...open])).toEqual(new Set(ids));
    expect(new Set(claimed).size).toBe(claimed.length);
    await expectNoDamage(fixture, 'q');
  });

  it('is false for what is no id of a task, and throws for what is no text', async () => {
    const { admin } = adminDesk(fixture);
    expect(await admin.remove('nothing')).toBe(false);
    await expect(admin.remove(1 as unknown as string)).rejects.toMatchObject({ code: 'INVALID_ID' });
  });

  it('does not touch what somebody else keeps under the key of a status', async () => {
    const { admin } = adminDesk(fixture);
    await fixture.redis.set(key('task_status:{q}:theirs'), 'theirs');
    expect(await admin.remove('q:theirs')).toBe(false);
    expect(await fixture.redis.get(key('task_status:{q}:theirs'))).toBe('theirs');
  });
});

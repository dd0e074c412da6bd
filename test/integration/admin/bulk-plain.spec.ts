import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { adminDesk } from '../../support/admin-desk.js';
import { completed, newTask } from '../../support/broker-fixture.js';
import { PlainLists } from '../../support/plain-lists.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('admin-bulk-plain');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

/** An id as Redis makes it, and a plain status that follows the task of that id. */
async function follow(count: number): Promise<string> {
  const [seconds, micros] = await fixture.redis.time();
  const id = `${seconds}${String(micros).padStart(6, '0')}-${count}`;
  await fixture.redis.set(key(`task_status:${id}`), 'waiting');
  await fixture.redis.hset(key('task_watched:{q}:plain'), id, `60000 60000 ${key(`task_status:${id}`)}`);
  return id;
}

describe('plain statuses', () => {
  it('say what has become of tasks that are drained or removed', async () => {
    const { admin, broker } = adminDesk(fixture);
    const [drained, removed] = [await follow(1), await follow(2)];
    await broker.enqueue(q, [newTask(drained), newTask(removed)]);
    await admin.remove(`q:${removed}`);
    await admin.drain('q');
    for (const id of [drained, removed]) {
      expect(await fixture.redis.get(key(`task_status:${id}`))).toBe('cancelled');
      expect(await fixture.redis.pttl(key(`task_status:${id}`))).toBeGreaterThan(0);
    }
    expect(await fixture.redis.exists(key('task_watched:{q}:plain'))).toBe(0);
  });

  it('say that a task was called off that is removed and has no other status', async () => {
    const { admin, broker } = adminDesk(fixture, { status: 'final' });
    const id = await follow(1);
    await broker.enqueue(q, [newTask(id)], { withStatus: false });
    expect(await admin.remove(`q:${id}`)).toBe(true);
    expect(await fixture.redis.get(key(`task_status:${id}`))).toBe('cancelled');
    expect(await fixture.redis.exists(key(`task_status:{q}:${id}`), key('task_watched:{q}:plain'))).toBe(0);
  });

  it('do not keep a task from being found by what was pushed', async () => {
    const { admin, broker } = adminDesk(fixture);
    const plain = new PlainLists(fixture);
    const pushed = String.raw`{"url":"https://a.example/b","path":"c:\/d\/"}`;
    await plain.push(pushed);
    await broker.plain.open(q, plain.source()).adopt();
    expect(await admin.move('q', 'r', { search: pushed })).toMatchObject({ done: 1 });
    expect((await admin.list('r', 'waiting')).tasks).toMatchObject([{ data: pushed }]);
  });

  it('go on where a task is moved to another queue', async () => {
    const { admin, broker, worker } = adminDesk(fixture);
    const id = await follow(1);
    await broker.enqueue(q, [newTask(id)]);
    await admin.move('q', 'r');
    expect(await fixture.redis.get(key(`task_status:${id}`))).toBe('waiting');
    const w = await worker('w1', 'r');
    await w.claim(1);
    expect(await fixture.redis.get(key(`task_status:${id}`))).toBe('active');
    await w.exchange(0, [completed(id)]);
    expect(await fixture.redis.get(key(`task_status:${id}`))).toBe('completed');
    expect(await fixture.redis.exists(key('task_watched:{q}:plain'), key('task_watched:{r}:plain'))).toBe(0);
  });

  it('go on where tasks without a status are too young to be purged', async () => {
    const { admin, broker } = adminDesk(fixture, { status: 'final' });
    const plain = new PlainLists(fixture);
    await plain.push('{"id":7}');
    await broker.plain.open(q, plain.source({ withStatus: false })).adopt();
    expect((await admin.purge('q', 'waiting', '1h')).done).toBe(0);
    expect(await plain.word(7)).toBe('waiting');
    expect((await admin.purge('q', 'waiting', 0)).done).toBe(1);
    expect(await plain.word(7)).toBe('cancelled');
  });

  it('leave elements in their list that are no tasks yet when the queue is obliterated', async () => {
    const { admin, broker } = adminDesk(fixture);
    const plain = new PlainLists(fixture);
    await plain.push('first', 'second', 'third');
    for (let taken = 0; taken < 2; taken++) await fixture.redis.lmove(plain.list, plain.claimed, 'RIGHT', 'LEFT');
    await admin.obliterate('q');
    expect(await fixture.keys()).toEqual(['plain_queue']);
    expect(await fixture.redis.lrange(plain.list, 0, -1)).toEqual(['third', 'second', 'first']);
    expect(await broker.plain.open(q, plain.source()).adopt()).toMatchObject({ count: 3 });
  });

  it('end with a queue that is obliterated, also of what has no status', async () => {
    const { admin, broker } = adminDesk(fixture);
    const [one, other] = [await follow(1), await follow(2)];
    await broker.enqueue(q, [newTask(one)]);
    await broker.enqueue(q, [newTask(other)], { withStatus: false });
    await admin.obliterate('q');
    expect(await fixture.keys()).toEqual([`task_status:${one}`, `task_status:${other}`].toSorted());
    for (const id of [one, other]) expect(await fixture.redis.get(key(`task_status:${id}`))).toBe('cancelled');
  });
});

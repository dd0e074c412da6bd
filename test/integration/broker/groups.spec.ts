import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEnvelope } from '../../../lib/broker/envelope.js';
import { type Partition, partitionOf } from '../../../lib/broker/partition.js';
import type { RedisBroker } from '../../../lib/broker/redis/redis.broker.js';
import { completed, ManualWorker, newTask, openBroker, RETENTION } from '../../support/broker-fixture.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('groups');
const q = partitionOf('q');
const key = (name: string): string => `${fixture.prefix}${name}`;

/** `a1`, `a2` … belong to group `a`; what begins with `-` to none. */
async function add(broker: RedisBroker, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    const group = id.startsWith('-') ? undefined : id.replace(/\d+$/, '');
    await broker.enqueue(q, [newTask(id, { group })], { inLanes: group !== undefined });
  }
}

async function workerOf(broker: RedisBroker, id = 'w1'): Promise<ManualWorker> {
  return new ManualWorker(broker, q, id).join();
}

/** In one call, so no more than may be held at once. */
async function claim(worker: ManualWorker, want: number, groupConcurrency = 0): Promise<string[]> {
  const reply = await worker.exchange(want, [], { groupConcurrency });
  return (reply?.claimed ?? []).map((text) => decodeEnvelope(text).id);
}

async function keysOfGroups(): Promise<string[]> {
  return (await fixture.keys()).filter((name) => /queue|groups/.test(name));
}

describe('groups', () => {
  it('age beside priorities', async () => {
    const broker = openBroker(fixture);
    await add(broker, 'a1', 'b1');
    await broker.enqueue(q, [newTask('high', { priority: 1 })], { inLanes: true });
    for (const id of ['a1', 'b1']) await fixture.redis.hset(key(`task_status:{q}:${id}`), 'created', 1);
    const reply = await (await workerOf(broker)).exchange(5, [], { agingMs: 1_000 });
    expect(reply?.claimed.map((text) => decodeEnvelope(text).id)).toEqual(['a1', 'b1', 'high']);
  });
});

describe('concurrency of groups', () => {
  it('forgets slots of tasks that nobody holds, which only a crash of Redis leaves behind', async () => {
    const broker = openBroker(fixture);
    await add(broker, 'a1', 'a2');
    const worker = await workerOf(broker);
    await fixture.redis.sadd(key('task_groups:{q}:slots:a'), 'gone');
    await fixture.redis.hset(key('task_groups:{q}:slots'), 'gone', 'a');
    expect(await claim(worker, 9, 1)).toEqual([]);
    await fixture.redis.zadd(key('task_groups:{q}:resting'), 1, 'group:a');
    expect(await claim(worker, 9, 1)).toEqual(['a1']);
  });

  it('does not say that nothing waits when it has looked at many groups that have to rest', async () => {
    const broker = openBroker(fixture);
    const groups = Array.from({ length: 120 }, (_, n) => `g${n}`);
    for (const group of groups) {
      const tasks = [1, 2].map((n) => newTask(`${group}-${n}`, { group }));
      await broker.enqueue(q, tasks, { inLanes: true });
    }
    const [worker, other] = [await workerOf(broker), await workerOf(broker, 'w2')];
    for (let held = 0; held < 120;) held += (await claim(worker, 120 - held, 5)).length;
    await add(broker, 'z1');
    await fixture.redis.del(key('task_bell:{q}'));
    // As after a deploy with another bound.
    const reply = await other.exchange(10, [], { groupConcurrency: 1 });
    expect(reply!.more).toBe(true);
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
    while ((await claim(other, 10, 1)).length === 0);
  });

  it('holds for a suspect, too', async () => {
    const broker = openBroker(fixture);
    await add(broker, 'a1', 'a2');
    const [worker, other] = [await workerOf(broker), await workerOf(broker, 'w2')];
    await claim(worker, 1, 1);
    const envelope = await fixture.redis.hget(key('task_active:{q}:w1'), 'a1');
    const lost = envelope!.replace('"attempt":0', '"attempt":2,"lost":2');
    await fixture.redis.hset(key('task_active:{q}:w1'), 'a1', lost);
    await worker.exchange(0, [{ kind: 'released', id: 'a1', began: false }]);
    expect(await fixture.redis.llen(key('task_suspects:{q}'))).toBe(1);
    expect(await claim(worker, 1, 1)).toEqual(['a1']);
    expect(await claim(other, 5, 1)).toEqual([]);
    await worker.exchange(0, [completed('a1')]);
    expect(await claim(other, 5, 1)).toEqual(['a2']);
  });

  it('rings for a suspect that it held up', async () => {
    const broker = openBroker(fixture);
    await add(broker, 'a1');
    const worker = await workerOf(broker);
    await claim(worker, 1, 1);
    const suspect = '{"id":"a2","attempt":2,"lost":2,"group":"a","name":"task","data":{}}';
    await fixture.redis.lpush(key('task_suspects:{q}'), suspect);
    expect(await claim(await workerOf(broker, 'w2'), 5, 1)).toEqual([]);
    await fixture.redis.del(key('task_bell:{q}'));
    await worker.exchange(0, [completed('a1')]);
    expect(await fixture.redis.llen(key('task_bell:{q}'))).toBe(1);
    expect(await claim(worker, 1, 1)).toEqual(['a2']);
  });

  it('leaves nothing behind', async () => {
    const broker = openBroker(fixture);
    await add(broker, 'a1', 'a2', 'b1');
    const worker = await workerOf(broker);
    for (let claimed = await claim(worker, 9, 1); claimed.length > 0; claimed = await claim(worker, 9, 1)) {
      await worker.exchange(
        0,
        claimed.map((id) => completed(id)),
      );
    }
    expect(await keysOfGroups()).toEqual([]);
  });
});

describe('rates of groups', () => {
  it('leave nothing behind once their time is over', async () => {
    const broker = openBroker(fixture);
    await broker.steering.setGroup(q, 'a', { rate: { max: 1, perMs: 10 } });
    await add(broker, 'a1');
    await claim(await workerOf(broker), 1);
    await broker.steering.setGroup(q, 'a', {});
    await eventually(async () => (await keysOfGroups()).length === 0);
  });
});

describe('whatever happens', () => {
  interface Hands {
    manual: ManualWorker;
    held: string[];
  }

  let count = 0;
  const nextPartition = (): Partition => partitionOf(`property${count++}`);

  it('the order within a group and its bound hold, and no slot is free while a task may run', async () => {
    const worker = fc.nat(1);
    const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: kind('add'), group: fc.constantFrom('a', 'b', 'c', undefined) }) },
      { weight: 4, arbitrary: fc.record({ kind: kind('claim'), worker, want: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 3, arbitrary: fc.record({ kind: kind('end'), worker, which: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ kind: kind('giveBack'), worker }) },
      { weight: 1, arbitrary: fc.record({ kind: kind('die'), worker }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), fc.constantFrom(0, 1, 2), async (steps, bound) => {
        const partition = nextPartition();
        const broker = openBroker(fixture);
        const waiting: Record<string, string[]> = { a: [], b: [], c: [], '-': [] };
        const listOf = (id: string): string[] => waiting[id.charAt(0)]!;
        let [tasks, starts] = [0, 0];
        const join = async (): Promise<Hands> => {
          return { manual: await new ManualWorker(broker, partition, `w${starts++}`).join(), held: [] };
        };
        const workers = [await join(), await join()];
        const isFull = (group: string): boolean => {
          const held = workers.flatMap((each) => each.held).filter((id) => id.startsWith(group));
          return group !== '-' && bound > 0 && held.length >= bound;
        };
        const take = async (hands: Hands, want: number): Promise<void> => {
          const reply = await hands.manual.exchange(want, [], { groupConcurrency: bound });
          const ids = reply!.claimed.map((text) => decodeEnvelope(text).id);
          for (const id of ids) {
            expect(isFull(id.charAt(0))).toBe(false);
            expect(listOf(id).shift()).toBe(id);
            hands.held.push(id);
          }
          const runnable = Object.keys(waiting).filter((group) => waiting[group]!.length > 0 && !isFull(group));
          expect(ids.length === want ? [] : runnable).toEqual([]);
        };
        for (const each of steps) {
          if (each.kind === 'add') {
            const id = `${each.group ?? '-'}${String(tasks++).padStart(3, '0')}`;
            await broker.enqueue(partition, [newTask(id, { group: each.group })], {
              inLanes: each.group !== undefined,
            });
            listOf(id).push(id);
            continue;
          }
          const hands = workers[each.worker]!;
          if (each.kind === 'claim') {
            await take(hands, each.want);
          } else if (each.kind === 'end') {
            const ended = hands.held.splice(each.which % Math.max(1, hands.held.length), 1);
            await hands.manual.exchange(
              0,
              ended.map((id) => completed(id)),
            );
          } else {
            const back = hands.held.splice(0).toSorted().toReversed();
            if (each.kind === 'giveBack') {
              await hands.manual.exchange(
                0,
                back.map((id) => ({ kind: 'released', id, began: false })),
              );
            } else {
              await fixture.redis.zadd(key(`task_workers:{${partition}}`), 1, hands.manual.id);
              workers[each.worker] = await join();
              while (await broker.recover(partition, 9, RETENTION));
            }
            for (const id of back) listOf(id).unshift(id);
          }
        }
        await broker.close();
      }),
      { numRuns: 60 },
    );
  });
});

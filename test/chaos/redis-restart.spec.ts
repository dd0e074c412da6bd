import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { AddedTask, BulkIncompleteError, TaskQueueError } from '../../lib/index.js';
import { decodeEnvelope } from '../../lib/broker/envelope.js';
import { partitionOf } from '../../lib/broker/partition.js';
import { allCompleted } from '../support/all-completed.js';
import { ManualWorker, newTask, openBroker } from '../support/broker-fixture.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { privateRedis } from '../support/private-redis.js';
import { holders, waiting } from '../support/queue-view.js';
import { startApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis({ aof: 'always' });
afterEach(() => expectNoDamage(target));

async function crash(): Promise<void> {
  await target.server.kill();
  await target.server.restart();
}

// Leases outlive the outages here, so nobody has a reason to run anything again.
it.each([
  ['is killed', crash],
  ['is restarted', () => target.server.restart()],
])('Redis %s three times during the work: every task runs once', async (_what, disturb) => {
  const runs: number[] = [];
  const work = workHandler(async ({ n }: { n: number }) => {
    runs.push(n);
    await delay(5);
  });
  const { producer, status } = await startApp({ redis: target.url }, [work]);
  const rows = Array.from({ length: 600 }, (_, n) => ({ name: 'work', data: { n } }));
  const ids = (await producer.addBulk(rows)).map(({ id }) => id);

  for (const progress of [100, 200, 300]) {
    await eventually(() => runs.length >= progress);
    await disturb();
  }

  await allCompleted(status, ids);
  expect(runs.toSorted((a, b) => a - b)).toEqual(rows.map(({ data }) => data.n));
  expect(await holders(target.redis)).toEqual([]);
});

it('Redis is killed while tasks are added: each add succeeds or says so, and what was accepted runs once', async () => {
  const runs = new Map<string, number>();
  const work = workHandler(async ({ key }: { key: string }) => {
    runs.set(key, (runs.get(key) ?? 0) + 1);
    await delay(5);
  });
  const { producer, status } = await startApp({ redis: target.url, commandTimeout: 300 }, [work]);
  const accepted = new Map<string, string>();
  const refusals: string[] = [];
  const stop = new AbortController();
  const add = async (key: string, id?: string): Promise<boolean> => {
    try {
      accepted.set(key, (await producer.add('work', { key }, id === undefined ? {} : { id })).id);
      return true;
    } catch (error) {
      refusals.push((error as TaskQueueError).code);
      return false;
    }
  };
  const addOnce = async (): Promise<void> => {
    for (let n = 0; !stop.signal.aborted; n++) {
      await add(`generated-${n}`);
      await delay(2);
    }
  };
  const addUntilAccepted = async (): Promise<void> => {
    for (let n = 0; !stop.signal.aborted; n++) {
      while (!(await add(`own-${n}`, `own:${n}`)));
      await delay(2);
    }
  };
  const adding = Promise.all([addOnce(), addUntilAccepted()]);

  for (let outage = 1; outage <= 3; outage++) {
    const { size } = accepted;
    await eventually(() => accepted.size >= size + 50);
    await target.server.kill();
    await eventually(() => refusals.length >= 3 * outage);
    await target.server.restart();
  }
  const { size } = accepted;
  await eventually(() => accepted.size >= size + 50);
  stop.abort();
  await adding;

  await allCompleted(status, [...accepted.values()]);
  expect(new Set(refusals)).toEqual(new Set(['REDIS_UNAVAILABLE']));
  expect([...accepted.keys()].filter((key) => runs.get(key) !== 1)).toEqual([]);
  expect([...runs].filter(([, times]) => times > 1)).toEqual([]);
  const own = [...accepted.keys()].filter((key) => key.startsWith('own-'));
  expect([...runs.keys()].filter((key) => key.startsWith('own-')).sort()).toEqual(own.sort());
});

it('Redis is killed during an addBulk: it tells what was accepted, and the rest can be added without duplicates', async () => {
  const { producer } = await startApp({ redis: target.url, commandTimeout: 300 });
  const rows = Array.from({ length: 10_000 }, (_, n) => ({ name: 'work', id: `own:${n}` }));
  const adding = producer.addBulk(rows).catch((error: unknown) => error);
  await eventually(async () => (await waiting(target.redis)).length > 1_000, { everyMs: 1 });
  await target.server.kill();
  const error = (await adding) as BulkIncompleteError<AddedTask>;
  expect(error).toMatchObject({ code: 'BULK_INCOMPLETE', cause: { code: 'REDIS_UNAVAILABLE' } });
  const accepted = error.answers.filter((answer) => answer !== null);
  expect(accepted.length).toBeGreaterThan(0);
  expect(accepted.length).toBeLessThan(rows.length);

  await target.server.restart();
  const again = await eventually(() => producer.addBulk(rows)); // once the connection is back
  for (const { id } of accepted) expect(again.find((answer) => answer.id === id)?.created).toBe(false);
  const ids = (await waiting(target.redis)).map(({ id }) => id);
  expect(ids.toSorted()).toEqual(rows.map(({ id }) => id).sort());
});

it('the append-only file is torn within a claim: each task stands somewhere after two more starts', async () => {
  const broker = openBroker({ url: target.url, prefix: '' });
  const q = partitionOf('default');
  const ids = Array.from({ length: 9 }, (_, n) => `t${n}`);
  await broker.enqueue(
    q,
    ids.map((id) => newTask(id)),
  );
  expect(await (await new ManualWorker(broker, q, 'w').join()).claim(9)).toEqual(ids);
  const [, dir = ''] = await target.redis.config('GET', 'dir');
  await target.server.kill();

  const folder = join(dir, 'appendonlydir');
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? '');
  const text = readFileSync(file, 'latin1');
  // Within the last command that names what the worker holds: it holds all, or the last page of them.
  truncateSync(file, text.lastIndexOf('task_active:{default}:w') + 30);
  for (let start = 0; start < 2; start++) {
    await target.server.restart();
    // Whatever is a transaction ends what was left of the other one.
    await target.redis.multi().set('one', start).set('other', start).exec();
  }
  const waiting = (await target.redis.lrange('task_queue:{default}', 0, -1)).map((text) => decodeEnvelope(text).id);
  const held = await target.redis.hkeys('task_active:{default}:w');
  expect([...new Set([...waiting, ...held])].sort()).toEqual(ids);
  await target.redis.flushall();
});

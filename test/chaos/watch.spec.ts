import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { Latch } from '../support/latch.js';
import { privateRedis } from '../support/private-redis.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const target = privateRedis({ aof: 'always' });
afterEach(() => expectNoDamage(target));

let gate: Latch<unknown>;

/** One that works, and one that watches. */
async function start(): Promise<{ worker: TestApp; watcher: TestApp }> {
  gate = new Latch();
  const work = workHandler(async (data) => {
    await gate.opened;
    return data;
  });
  const watcher = await startApp({ redis: target.url, consume: false });
  return { worker: await startApp({ redis: target.url }, [work]), watcher };
}

async function crash(): Promise<void> {
  await target.server.kill();
  await target.server.restart();
}

it.each([
  ['Redis is restarted', () => target.server.restart()],
  ['Redis is killed', crash],
  ['the connection is cut', () => target.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')],
])('%s while tasks are watched: no end is missed', async (_what, disturb) => {
  const { worker, watcher } = await start();
  const rows = Array.from({ length: 20 }, (_, data) => ({ name: 'work', data }));
  const ids = (await worker.producer.addBulk(rows)).map(({ id }) => id);
  const results = Promise.all(ids.map(async (id) => watcher.status.wait(id, { timeout: 20_000 })));
  await eventually(async () => (await target.redis.zcard('task_watched:{default}')) === 20);
  await disturb();
  gate.open(undefined);
  expect(await results).toEqual(rows.map(({ data }) => data));
});

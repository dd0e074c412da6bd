import { expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { TaskQueueAdmin } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { newTask, openBroker } from '../../support/broker-fixture.js';
import { privateRedis } from '../../support/private-redis.js';

const target = privateRedis({ aof: true });
const q = partitionOf('q');
const COUNT = 3_000;

/** A queue of so many scheduled tasks. `restartsAt` starts Redis anew, behind that page. */
async function start(): Promise<{ admin: TaskQueueAdmin; restartsAt: (page: number) => () => Promise<void> }> {
  const broker = openBroker({ url: target.url, prefix: '' });
  for (let at = 0; at < COUNT; at += 300) {
    const tasks = Array.from({ length: 300 }, (_, row) => newTask(`t${at + row}`));
    await broker.schedule(
      q,
      tasks.map((task) => ({ ...task, due: { inMs: 3_600_000 } })),
    );
  }
  return {
    admin: new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: target.url })),
    restartsAt: (page) => async () => {
      page -= 1;
      if (page !== 0) return;
      await target.server.kill();
      await target.server.restart();
    },
  };
}

it('drain misses nothing that waits for its time where Redis is started anew meanwhile', async () => {
  const { admin, restartsAt } = await start();
  await admin.drain('q', { scheduled: true, onProgress: restartsAt(60) });
  expect(await target.redis.exists('task_scheduled:{q}', 'task_parked:{q}')).toBe(0);
});

it('obliterate leaves no key where Redis is started anew meanwhile', async () => {
  const { admin, restartsAt } = await start();
  await admin.obliterate('q', { onProgress: restartsAt(5) });
  expect(await target.redis.keys('*')).toEqual([]);
});

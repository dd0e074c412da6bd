import { monotonicFactory } from 'ulid';
import { expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { TaskQueueAdmin, type TaskState } from '../../../lib/index.js';
import { TaskQueueSettings } from '../../../lib/options/task-queue-settings.js';
import { Traffic } from '../../bench/million/traffic.js';
import { ManualWorker, newTask, openBroker } from '../../support/broker-fixture.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { listAll } from '../../support/task-lists.js';

const fixture = redisFixture('list-live');
const q = partitionOf('q');
const BULK = 1_000;
const ulid = monotonicFactory();

it('leaves out none of 50,000 tasks while a worker claims and a producer adds, and finds each', async () => {
  const broker = openBroker(fixture, 20_000);
  const admin = new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: fixture.url, prefix: fixture.prefix }));
  const standing: Record<string, string[]> = { waiting: [], scheduled: [] };
  for (let bulk = 0; bulk < 50; bulk++) {
    const ids = Array.from({ length: BULK }, () => ulid());
    const place = bulk < 30 ? {} : bulk < 35 ? { priority: bulk - 32 } : { group: `g${bulk}` };
    if (bulk < 40)
      await broker.enqueue(
        q,
        ids.map((id) => newTask(id, place)),
        { inLanes: bulk >= 30 },
      );
    else
      await broker.schedule(
        q,
        ids.map((id) => ({ ...newTask(id), due: { inMs: 3_600_000 } })),
      );
    standing[bulk < 40 ? 'waiting' : 'scheduled']?.push(...ids);
  }
  const holder = await new ManualWorker(broker, q, 'holder').join();
  const held = await holder.claim(200);
  standing['active'] = held;

  const traffic = new Traffic(openBroker(fixture, 20_000), q).start();
  try {
    for (const [state, ids] of Object.entries(standing)) {
      const seen = await listAll(admin, 'q', state as TaskState, { limit: 700 });
      const seenIds = new Set(seen.map(({ id }) => id));
      const gone = new Set([...traffic.claimed, ...(state === 'waiting' ? held : [])]);
      expect(ids.filter((id) => !gone.has(id) && !seenIds.has(`q:${id}`))).toEqual([]);
      expect(seen.length - seenIds.size).toBe(0);
    }
    expect(traffic.claimed.size).toBeGreaterThan(0);
    for (const id of [...standing['waiting']!.slice(0, 20), ...standing['waiting']!.slice(-20), ...held.slice(-1)]) {
      expect(await admin.find(`q:${id}`)).toMatchObject({ id: `q:${id}`, name: 'task' });
    }
  } finally {
    await traffic.stop();
  }
}, 120_000);

import { describe, expect, it } from 'vitest';
import { partitionOf } from '../../../lib/broker/partition.js';
import { completed } from '../../support/broker-fixture.js';
import { counts, damagedQueue } from '../../support/damaged-queue.js';

const { key, statusKey, open, dump, addTask, hold, schedule, die, redis } = damagedQueue('repair');
const q = partitionOf('q');

describe('repair', () => {
  it('counts all, and names a few', async () => {
    for (let i = 0; i < 250; i++) await redis.hset(statusKey(`x${i}`), { state: 'waiting', name: 'work' });
    const report = await open().admin.repair('q');
    expect(counts(report)).toEqual({ statusWithoutTask: [250, 250] });
    expect(report.damages[0]?.examples).toHaveLength(10);
    expect(report.damages[0]?.examples[0]).toMatch(/^q:x\d+$/);
  });

  it('mends a page with many damages in several steps, and counts each once', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `x${i}`);
    const { admin } = open();
    await schedule(...ids);
    await redis.del(...ids.map(statusKey));
    expect(counts(await admin.repair('q', { dryRun: true }))).toEqual({ taskWithoutStatus: [60, 0] });
    expect(counts(await admin.repair('q'))).toEqual({ taskWithoutStatus: [60, 60] });
    expect((await admin.repair('q')).isClean).toBe(true);
  });

  it('finds nothing in a healthy queue', async () => {
    const { broker, admin } = open();
    await die('dead');
    await schedule('retrying');
    await (await hold('w', 'completed')).exchange(0, [completed('completed')]);
    const worker = await hold('w', 'active', 'stopping', 'later');
    await worker.exchange(0, [{ kind: 'snoozed', id: 'later', delayMs: 3_600_000 }]);
    await addTask('quick');
    await worker.exchange(1, [], { marks: false });
    await broker.steering.cancel(q, 'stopping', 'off', 60_000);
    for (const id of ['waiting', 'tombstone', 'tombstone-0']) await addTask(id);
    await broker.steering.cancel(q, 'tombstone', 'off', 60_000);
    await broker.steering.cancel(q, 'tombstone-0', 'off', 0);
    await redis.lpush(key('task_queue:{q}'), '{"name":"work","data":1}', 'garbage');
    await redis.set(key('task_status:{q}:foreign'), 'text');
    const before = await dump();
    expect((await admin.repair('q')).damages).toEqual([]);
    expect(await dump()).toEqual(before);
  });

  it('refuses wrong arguments, and a layout that it does not know', async () => {
    const { admin } = open();
    await expect(admin.repair('no queue')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    await expect(admin.repair('q', { dryRun: 1 } as never)).rejects.toThrow('"dryRun"');
    await redis.hset(key('task_meta:{q}'), 'layout', 2);
    await expect(admin.repair('q')).rejects.toMatchObject({ code: 'LAYOUT_MISMATCH' });
  });
});

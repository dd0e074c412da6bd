import { expect } from 'vitest';
import { TaskQueueAdmin } from '../../lib/index.js';
import { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import { TaskQueueSettings } from '../../lib/options/task-queue-settings.js';

/** Fails if a repair would find anything to do in that queue. Workers and producers may be at it. */
export async function expectNoDamage(
  { url, prefix = '' }: { url: string; prefix?: string },
  queue = 'default',
): Promise<void> {
  const broker = new RedisBroker({ redis: url, prefix, commandTimeoutMs: 5_000 });
  try {
    const admin = new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: url, prefix }));
    expect((await admin.repair(queue, { dryRun: true })).damages).toEqual([]);
  } finally {
    await broker.close();
  }
}

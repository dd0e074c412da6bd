import { type DamageReport, TaskQueueAdmin } from '../../lib/index.js';
import { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import { TaskQueueSettings } from '../../lib/options/task-queue-settings.js';

/** What a repair would find. */
export async function findDamages(
  { url, prefix = '' }: { url: string; prefix?: string },
  queue: string,
): Promise<DamageReport[]> {
  const broker = new RedisBroker({ redis: url, prefix, commandTimeoutMs: 5_000 });
  try {
    const admin = new TaskQueueAdmin(broker, new TaskQueueSettings({ redis: url, prefix }));
    return (await admin.repair(queue, { dryRun: true })).damages;
  } finally {
    await broker.close();
  }
}

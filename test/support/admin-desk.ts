import { TaskQueueAdmin } from '../../lib/index.js';
import { partitionOf } from '../../lib/broker/partition.js';
import type { RedisBroker } from '../../lib/broker/redis/redis.broker.js';
import { TaskQueueSettings } from '../../lib/options/task-queue-settings.js';
import { ManualWorker, openBroker } from './broker-fixture.js';
import type { RedisFixture } from './redis-fixture.js';

/** An administrator of queues `q` and `r`, a broker to add with, and workers that go step by step. */
export interface AdminDesk {
  broker: RedisBroker;
  admin: TaskQueueAdmin;
  worker: (id?: string, queue?: string) => Promise<ManualWorker>;
  /** Of one task, by its public id. */
  status: (id: string) => Promise<Record<string, string>>;
}

export function adminDesk(fixture: RedisFixture, options: { status?: 'full' | 'final' } = {}): AdminDesk {
  const broker = openBroker(fixture);
  const settings = new TaskQueueSettings({ redis: fixture.url, prefix: fixture.prefix, defaults: options });
  return {
    broker,
    admin: new TaskQueueAdmin(broker, settings),
    worker: async (id = 'w1', queue = 'q') => new ManualWorker(broker, partitionOf(queue), id).join(),
    status: async (id) => {
      const [queue = '', own = ''] = id.split(/:(.*)/s);
      return fixture.redis.hgetall(`${fixture.prefix}task_status:{${queue}}:${own}`);
    },
  };
}

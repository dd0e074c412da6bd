import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { MAX_SLEEP_MS, type Ring, type SleepRequest } from '../task-broker.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisKeys } from './redis-keys.js';

interface Sleep {
  woken: boolean;
  /** The connection that is blocked; `null` as long as nothing was sent. */
  connectionId: number | null;
}

const WAKE_AGAIN_MS = 5;

/**
 * The sleep of a worker: one connection that blocks on the bells of all queues it listens to, whatever their number.
 * In a cluster a blocking command must not cross slots: this is the place where that becomes one connection per slot.
 */
export class RedisBells {
  private current: Sleep | null = null;
  /** Of the blocking connection, for as long as it stands. */
  private connectionId: number | null = null;

  constructor(
    private readonly keys: RedisKeys,
    private readonly blocking: RedisConnection,
    private readonly commands: RedisConnection,
  ) {}

  async sleep({ partitions, heldUp = [], workers, timeoutMs }: SleepRequest): Promise<Ring | null> {
    const rings = new Map<string, Ring>();
    for (const partition of partitions) rings.set(this.keys.bell(partition), { partition, isPersonal: false });
    for (const partition of heldUp) {
      rings.set(this.keys.room(partition), { partition, isPersonal: false, isForRoom: true });
    }
    for (const { partition, worker } of workers) {
      rings.set(this.keys.workerBell(partition, worker), { partition, isPersonal: true });
    }
    const sleep: Sleep = { woken: false, connectionId: null };
    this.current = sleep;
    try {
      return await this.blocking.once(async (client) => {
        const connectionId = await this.identify(client);
        if (sleep.woken) return null;
        sleep.connectionId = connectionId;
        const rung = await client.brpop([...rings.keys()], Math.max(1, Math.min(timeoutMs, MAX_SLEEP_MS)) / 1000);
        return (rung && rings.get(rung[0])) ?? null;
      });
    } finally {
      this.current = null;
    }
  }

  /**
   * CLIENT UNBLOCK travels on another connection than BRPOP and may overtake it: so again until the sleep is over.
   * One that comes late ends the next sleep early, which costs a turn of the loop and nothing else.
   */
  wake(): void {
    const sleep = this.current;
    if (!sleep || sleep.woken) return;
    sleep.woken = true;
    const { connectionId } = sleep;
    if (connectionId !== null) void this.unblock(sleep, connectionId);
  }

  private async unblock(sleep: Sleep, connectionId: number): Promise<void> {
    while (this.current === sleep) {
      try {
        if ((await this.commands.once((client) => client.client('UNBLOCK', connectionId))) === 1) return;
      } catch {
        // The sleep ends by itself after MAX_SLEEP_MS at the latest, and the worker's own calls report the outage.
      }
      await delay(WAKE_AGAIN_MS);
    }
  }

  private async identify(client: Redis): Promise<number> {
    if (this.connectionId === null) {
      this.connectionId = await client.client('ID');
      client.once('close', () => (this.connectionId = null));
    }
    return this.connectionId;
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { WorkOptions } from '../peer.js';
import { type PlainTask, setStatus } from './plain-task.js';

const LOOK_AGAIN_MS = 1;

/** One loop of a hand-written worker, with a connection of its own to wait on. It runs one task at a time. */
export class ByHandLoop {
  private closing = false;
  private ended = false;

  private constructor(
    private readonly redis: Redis,
    private readonly blocking: Redis,
    private readonly clientId: number,
    private readonly options: WorkOptions,
  ) {}

  static async start(redis: Redis, options: WorkOptions): Promise<ByHandLoop> {
    const blocking = redis.duplicate();
    const loop = new ByHandLoop(redis, blocking, await blocking.client('ID'), options);
    loop
      .run()
      .catch(options.onError)
      .finally(() => (loop.ended = true));
    return loop;
  }

  /** Wakes it if it sleeps: were its connection cut instead, a task that is on its way could be lost. */
  async close(): Promise<void> {
    this.closing = true;
    while (!this.ended) {
      await this.redis.client('UNBLOCK', this.clientId);
      await delay(LOOK_AGAIN_MS);
    }
    this.blocking.disconnect();
  }

  private async run(): Promise<void> {
    while (!this.closing) {
      const popped = await this.blocking.brpop([...this.options.queues], 0);
      if (!popped) return;
      const { id, data } = JSON.parse(popped[1]) as PlainTask;
      await setStatus(this.redis, id, { state: 'active' });
      const result = await (async () => this.options.handle(data))();
      await setStatus(this.redis, id, { state: 'completed', result });
    }
  }
}

import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type AckPolicy, TaskHandler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp } from '../../support/test-app.js';

const fixture = redisFixture('policies');
const CONCURRENCY = 2;

let begun = 0;
let isHeldUp = false;

@Injectable()
class Tasks {
  @TaskHandler('quick')
  async quick(): Promise<void> {
    begun++;
    await delay(isHeldUp ? 20 : 1);
  }

  @TaskHandler('deaf')
  async deaf(ms: number): Promise<void> {
    begun++;
    await delay(ms);
  }
}

describe('ack', () => {
  /** @returns how many more handlers began while Redis confirmed nothing */
  async function beginsDuringPause(ack: AckPolicy): Promise<number> {
    begun = 0;
    isHeldUp = false;
    const options = { redis: fixture.url, prefix: fixture.prefix, defaults: { ack, concurrency: CONCURRENCY } };
    const { producer, status } = await startApp(options, [Tasks]);
    const rows = await producer.addBulk(Array.from({ length: 2_000 }, () => ({ name: 'quick' })));
    await eventually(() => begun > 300, { everyMs: 1 });
    // Now they take long enough for what is in hand not to be gone before the pause begins.
    isHeldUp = true;
    await fixture.redis.client('PAUSE', 600, 'ALL');
    const before = begun;
    await delay(500);
    const after = begun;
    isHeldUp = false;
    const last = rows.at(-1)?.id ?? '';
    await eventually(async () => (await status.get(last))?.state === 'completed');
    return after - before;
  }

  // How much is in hand depends on how quick the handlers seem: on a busy machine not at every look.
  it(
    'batch: handlers of what is in hand begin although Redis has not confirmed what ended before',
    { retry: 5 },
    async () => {
      expect(await beginsDuringPause('batch')).toBeGreaterThan(CONCURRENCY);
    },
  );

  it('each: a slot is free again only when Redis knows how its task has ended', async () => {
    expect(await beginsDuringPause('each')).toBeLessThanOrEqual(CONCURRENCY);
  });
});

describe('delivery: at-most-once', () => {
  it('makes a dead letter of what the shutdown interrupts, and gives back what had not begun', async () => {
    begun = 0;
    const options = {
      redis: fixture.url,
      prefix: fixture.prefix,
      shutdownTimeout: 100,
      defaults: { concurrency: 1, delivery: 'at-most-once' as const },
    };
    const app = await startApp(options, [Tasks]);
    const observer = await startApp({ ...options, consume: false });
    const [first, second] = await app.producer.addBulk([
      { name: 'deaf', data: 3_000 },
      { name: 'deaf', data: 0 },
    ]);
    await eventually(() => begun === 1);
    await stopApp(app);
    expect(await observer.status.getMany([first!.id, second!.id])).toMatchObject([
      { state: 'failed', attempt: 1, error: { name: 'interrupted' } },
      { state: 'waiting', attempt: 0 },
    ]);
    expect(begun).toBe(1);
  });

  it('fetches nothing ahead, however quick the handlers are', async () => {
    begun = 0;
    isHeldUp = false;
    const { producer } = await startApp(
      {
        redis: fixture.url,
        prefix: fixture.prefix,
        defaults: { concurrency: CONCURRENCY, delivery: 'at-most-once' },
      },
      [Tasks],
    );
    await producer.addBulk(Array.from({ length: 1_000 }, () => ({ name: 'quick' })));
    await eventually(() => begun > 300, { everyMs: 1 });
    isHeldUp = true;
    await delay(4);
    const workers = await fixture.redis.keys(`${fixture.prefix}task_active:*`);
    expect(workers).toHaveLength(1);
    expect(await fixture.redis.hlen(workers[0] ?? '')).toBeLessThanOrEqual(CONCURRENCY);
    isHeldUp = false;
    await eventually(() => begun === 1_000);
  });
});

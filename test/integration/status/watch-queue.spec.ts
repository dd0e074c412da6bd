import { firstValueFrom, type Subscription } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';
import { type QueueSnapshot, TaskQueueError } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { privateRedis } from '../../support/private-redis.js';
import { scriptCalls } from '../../support/script-calls.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const target = privateRedis();
const subscriptions: Subscription[] = [];
afterEach(() => subscriptions.splice(0).forEach((subscription) => subscription.unsubscribe()));

/** What somebody who watches queue `default` is told. */
class Listener {
  readonly seen: QueueSnapshot[] = [];
  error: unknown;
  private readonly subscription: Subscription;

  constructor({ status }: TestApp, interval: number) {
    this.subscription = status.watchQueue('default', { interval }).subscribe({
      next: (snapshot) => this.seen.push(snapshot),
      error: (error: unknown) => (this.error = error),
    });
    subscriptions.push(this.subscription);
  }

  get latest(): QueueSnapshot | undefined {
    return this.seen.at(-1);
  }

  leave(): void {
    this.subscription.unsubscribe();
  }
}

const start = async (gate?: Latch<void>): Promise<TestApp> =>
  startApp({ redis: target.url }, gate ? [workHandler(async () => gate.opened)] : []);

describe('watching a queue', () => {
  it('tells how it stands, now and from then on', async () => {
    const gate = new Latch<void>();
    const app = await start(gate);
    const listener = new Listener(app, 100);
    const first = await eventually(() => listener.seen[0]);
    expect(first).toEqual({
      queue: 'default',
      at: expect.any(Date) as Date,
      waiting: 0,
      scheduled: 0,
      active: 0,
      retrying: 0,
      failed: 0,
      paused: false,
      completedPerSecond: 0,
      failedPerSecond: 0,
      growthPerSecond: null,
    });
    await app.producer.add('work', null);
    await app.producer.add('work', null, { delay: '1h' });
    await eventually(() => listener.latest?.active === 1 && listener.latest.scheduled === 1);
    expect(listener.seen.some(({ growthPerSecond }) => growthPerSecond !== null && growthPerSecond > 0)).toBe(true);
    gate.open();
    await eventually(() => listener.latest?.active === 0);
    expect(listener.seen.some(({ growthPerSecond }) => growthPerSecond !== null && growthPerSecond < 0)).toBe(true);
  });

  it('looks once, however many listen, and not at all when nobody does', async () => {
    // Without a worker nothing else runs any script.
    const app = await start();
    const looks = (): Promise<number> => scriptCalls(target.redis);
    const listeners = Array.from({ length: 1_000 }, () => new Listener(app, 200));
    await eventually(() => listeners.every(({ seen }) => seen.length >= 3));
    for (const listener of listeners) listener.leave();
    const seen = listeners[0]?.seen.length ?? 0;
    // A script that Redis does not know yet is sent twice, and one more look may be on its way.
    expect(await looks()).toBeLessThanOrEqual(seen + 2);
    expect(new Set(listeners.map((listener) => listener.seen.at(-1))).size).toBe(1);

    const before = await looks();
    const other = new Listener(app, 250);
    await eventually(() => other.seen.length >= 4);
    other.leave();
    expect((await looks()) - before).toBeLessThanOrEqual(other.seen.length + 1);
  });

  it('tells who comes later the latest at once', async () => {
    const app = await start();
    const listener = new Listener(app, 3_600_000);
    const first = await eventually(() => listener.seen[0]);
    const late = new Listener(app, 3_600_000);
    expect(late.seen).toEqual([first]);
    listener.leave();
    late.leave();
    // Nobody has listened meanwhile: what was known is not told any more.
    const next = new Listener(app, 3_600_000);
    expect(next.seen).toEqual([]);
    expect((await eventually(() => next.seen[0])) === first).toBe(false);
  });

  it('waits for an outage of Redis', async () => {
    const app = await startApp({ redis: target.url, commandTimeout: 200 });
    const listener = new Listener(app, 100);
    await eventually(() => listener.seen.length > 0);
    await target.server.kill();
    await target.server.restart();
    const { length } = listener.seen;
    await eventually(() => listener.seen.length > length);
    expect(listener.error).toBeUndefined();
  });

  it('ends with the application', async () => {
    const app = await start();
    const listener = new Listener(app, 100);
    await eventually(() => listener.seen.length > 0);
    await stopApp(app);
    expect(listener.error).toMatchObject({ code: 'WATCH_CLOSED' });
    await expect(firstValueFrom(app.status.watchQueue('default'))).rejects.toMatchObject({ code: 'WATCH_CLOSED' });
  });

  it('is refused where that can be no queue, and with options that are none', async () => {
    const { status } = await start();
    const refused = (watch: () => unknown): unknown => {
      try {
        return watch();
      } catch (error) {
        return (error as TaskQueueError).code;
      }
    };
    expect(refused(() => status.watchQueue('no queue'))).toBe('INVALID_QUEUE');
    for (const options of [{ interval: 0 }, { interval: 'often' }, { every: '1s' }]) {
      expect(refused(() => status.watchQueue('email', options as object))).toBe('INVALID_OPTIONS');
    }
  });
});

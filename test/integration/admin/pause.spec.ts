import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { TaskHandler, TaskQueueAdmin } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { expectNoDamage } from '../../support/expect-no-damage.js';
import { Latch } from '../../support/latch.js';
import { privateRedis } from '../../support/private-redis.js';
import { reaches } from '../../support/settled.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const target = privateRedis({ aof: true });

let ran: unknown[] = [];
let latch: Latch;

beforeEach(() => {
  ran = [];
  latch = new Latch();
});

class Tasks {
  @TaskHandler('quick')
  quick(data: unknown): void {
    ran.push(data);
  }

  @TaskHandler('slow')
  async slow(): Promise<void> {
    ran.push('begun');
    await latch.opened;
  }
}

async function start(consume = true): Promise<TestApp & { admin: TaskQueueAdmin }> {
  const app = await startApp({ redis: target.url, consume }, [Tasks]);
  return { ...app, admin: app.app.get(TaskQueueAdmin) };
}

async function calls(): Promise<number> {
  return Number(/total_commands_processed:(\d+)/.exec(await target.redis.info('stats'))?.[1]);
}

describe('pause', () => {
  it('lets what runs end, and begins nothing else in any process until resume', async () => {
    const [app, other] = [await start(), await start()];
    const { id: running } = await app.producer.add('slow');
    await eventually(() => ran.length === 1);
    expect(await other.admin.pause('default')).toBe(true);
    expect(await app.admin.isPaused('default')).toBe(true);
    const { id } = await app.producer.add('quick', 1);
    latch.open();
    await reaches(app.status, running, 'completed');
    // Both know by now.
    await eventually(async () => (await target.redis.llen('task_bell:{default}')) === 1);
    await delay(100);
    expect(ran).toEqual(['begun']);
    expect((await app.status.get(id))?.state).toBe('waiting');
    expect(await app.admin.resume('default')).toBe(true);
    await reaches(app.status, id, 'completed');
    await expectNoDamage(target);
  });

  it('costs an idle worker nothing but its looks, however much waits', async () => {
    const app = await start();
    await app.admin.pause('default');
    for (let n = 0; n < 20; n++) await app.producer.addBulk(Array.from({ length: 500 }, () => ({ name: 'quick' })));
    await delay(300);
    const before = await calls();
    await delay(2_000);
    // A beat, a look: far from one for each turn of a loop.
    expect((await calls()) - before).toBeLessThan(60);
    expect(ran).toEqual([]);
    expect(await target.redis.llen('task_queue:{default}')).toBe(10_000);
    await app.admin.resume('default');
    await eventually(() => ran.length === 10_000);
  });

  it('outlasts workers and Redis', async () => {
    const first = await start();
    await first.admin.pause('default');
    await first.producer.add('quick', 1);
    await stopApp(first);
    await target.server.kill();
    await target.server.restart();
    const app = await start();
    expect(await app.admin.isPaused('default')).toBe(true);
    await app.producer.add('quick', 2);
    await eventually(async () => (await target.redis.exists('task_workers:{default}')) === 1);
    await delay(200);
    expect(ran).toEqual([]);
    await app.admin.resume('default');
    await eventually(() => ran.length === 2);
  });

  it('makes what is due wait in line at its time', async () => {
    const app = await start();
    await app.admin.pause('default');
    await app.producer.add('quick', 0);
    const ids: string[] = [];
    for (const at of [200, 400, 600]) ids.push((await app.producer.add('quick', at, { delay: at })).id);
    for (const id of ids) await reaches(app.status, id, 'waiting');
    await app.admin.resume('default');
    await eventually(() => ran.length === 4);
    expect(ran).toEqual([0, 200, 400, 600]);
  });

  it('says who is no queue', async () => {
    const app = await start(false);
    for (const call of ['pause', 'resume', 'isPaused'] as const) {
      await expect(app.admin[call]('no queue')).rejects.toMatchObject({ code: 'INVALID_QUEUE' });
    }
    expect(await app.admin.isPaused('unknown')).toBe(false);
    expect(await app.admin.resume('unknown')).toBe(false);
    expect(await target.redis.keys('*unknown*')).toEqual([]);
  });
});

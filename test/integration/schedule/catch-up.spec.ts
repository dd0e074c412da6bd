import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type CatchUp, type TaskContext, TaskScheduler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

const fixture = redisFixture('catch-up');
const HOUR = 3_600_000;
const WARNING = /^Schedule "hourly" on queue "default": ticks since .* were missed; \d of them made now$/;
const index = (): string => `${fixture.prefix}task_schedules:{default}`;

/** A schedule that ticks at every full hour, and whose ticks since so many hours nobody has made. */
async function missed(hours: number, catchUp: CatchUp | undefined): Promise<number> {
  const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix });
  const { nextTick } = await app.get(TaskScheduler).upsert('hourly', { cron: '0 * * * *', task: 'work', catchUp });
  const next = nextTick?.getTime() ?? 0;
  await fixture.redis.zadd(index(), next - hours * HOUR, 'hourly');
  return next;
}

async function startWorker(ran: number[], options: object = {}): Promise<TestApp> {
  const handler = workHandler((_: unknown, { id }: TaskContext) => void ran.push(Date.parse(id.slice(-24))));
  return startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, [handler]);
}

describe('ticks that were missed while nothing ran', () => {
  it.each<[catchUp: CatchUp | undefined, hoursAgo: number[]]>([
    [undefined, [1]],
    ['none', []],
    ['last', [1]],
    [3, [3, 2, 1]],
    [100, [5, 4, 3, 2, 1]],
  ])('catchUp %j', async (catchUp, hoursAgo) => {
    const next = await missed(5, catchUp);
    const ran: number[] = [];
    const { log } = await startWorker(ran);
    await eventually(async () => Number(await fixture.redis.zscore(index(), 'hourly')) >= next);
    await eventually(() => ran.length >= hoursAgo.length);
    await sleep(100);
    expect(ran).toEqual(hoursAgo.map((hours) => next - hours * HOUR));
    expect(Number(await fixture.redis.zscore(index(), 'hourly'))).toBe(next);
    expect(log.of('warn').filter((line) => WARNING.test(line))).toHaveLength(hoursAgo.length > 0 ? 1 : 0);
  });

  it('are made once, although several processes start at once, and in pages where they are many', async () => {
    const next = await missed(500, 120);
    const ran: number[] = [];
    await Promise.all([startWorker(ran), startWorker(ran), startWorker(ran)]);
    await eventually(() => ran.length >= 120);
    await sleep(100);
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, i) => next - (120 - i) * HOUR));
  });

  it('are none for a schedule that is new, nor for a pause', async () => {
    const ran: number[] = [];
    const { app } = await startWorker(ran);
    const scheduler = app.get(TaskScheduler);
    const definition = { cron: '0 * * * *', task: 'work', catchUp: 100 };
    const { nextTick } = await scheduler.upsert('hourly', definition);
    await scheduler.pause('hourly');
    await fixture.redis.hset(`${fixture.prefix}task_schedule:{default}:hourly`, 'last', Date.now() - 100 * HOUR);
    await scheduler.resume('hourly');
    await sleep(100);
    expect(await scheduler.get('hourly')).toMatchObject({ nextTick, paused: false });
    expect(ran).toEqual([]);
  });
});

describe('a schedule that cannot be read', () => {
  it('is reported once and left to others, and does not keep the rest from their ticks', async () => {
    await missed(1, 'last');
    const { app } = await startApp({ redis: fixture.url, prefix: fixture.prefix });
    await app.get(TaskScheduler).upsert('strange', { every: '1h', task: 'work' });
    await fixture.redis.hset(`${fixture.prefix}task_schedule:{default}:strange`, 'timing', '{"moonPhase":"full"}');
    await fixture.redis.zadd(index(), 5, 'strange');
    const ran: number[] = [];
    const worker = await startWorker(ran);
    await eventually(() => ran.length === 1);
    await sleep(100);
    expect(await fixture.redis.zscore(index(), 'strange')).toBe('5');
    expect(worker.log.of('error')).toHaveLength(1);
    expect(worker.log.of('error')[0]).toMatch(
      /Schedule "strange" .* cannot be read here and makes no ticks: not a timing/,
    );
    expect(await app.get(TaskScheduler).get('strange')).toMatchObject({ cron: null, every: null });
  });
});

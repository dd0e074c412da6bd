import { Injectable, type Type } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { type RedisTaskQueueOptions, TaskHandler, TaskSchedule, TaskScheduler } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('switched-off');

let ran: string[] = [];

beforeEach(() => (ran = []));

@Injectable()
class Tasks {
  @TaskHandler('declared', { queue: 'q' })
  @TaskSchedule({ every: '100ms' })
  declared(): void {
    ran.push('declared');
  }

  @TaskHandler('other', { queue: 'q' })
  other(): void {
    ran.push('other');
  }
}

const start = (options: RedisTaskQueueOptions = {}, providers: Type[] = [Tasks]): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers);
const scheduler = ({ app }: TestApp): TaskScheduler => app.get(TaskScheduler);
const names = async (app: TestApp): Promise<string[]> =>
  (await scheduler(app).list('q')).map(({ name }) => name).sort();
const ranMore = async (name: string): Promise<unknown> => {
  const before = ran.filter((each) => each === name).length;
  return eventually(() => ran.filter((each) => each === name).length > before + 2);
};

describe('schedules that are switched off', () => {
  it.each<[string, RedisTaskQueueOptions]>([
    ['by task', { tasks: { declared: { schedules: false } } }],
    ['by queue', { queues: { q: { schedules: false } } }],
    ['for all', { defaults: { schedules: false } }],
    ['for all but others', { defaults: { schedules: false }, tasks: { other: { schedules: true } } }],
  ])('%s are not entered, while those of callers tick', async (_, options) => {
    const app = await start({ ...options, schedules: { owner: 'billing' } });
    expect(app.log.of('log').join('\n')).toContain(
      'Schedule "declared" on queue "q" (Tasks.declared (TestModule)) is off in this process',
    );
    await scheduler(app).upsert('mine', { task: 'other', every: '100ms', queue: 'q' });
    await ranMore('other');
    expect(await names(app)).toEqual(['mine']);
    expect(ran).not.toContain('declared');
    await scheduler(app).remove('mine', { queue: 'q' });
  });

  it('for all but one: that one ticks', async () => {
    const app = await start({ defaults: { schedules: false }, tasks: { declared: { schedules: true } } });
    await ranMore('declared');
    expect(await names(app)).toEqual(['declared']);
    await scheduler(app).remove('declared', { queue: 'q' });
  });

  it.each([undefined, 'billing'])(
    'and stand in Redis already stay there, and others make their ticks: owner %s',
    async (owner) => {
      const schedules = { ...(owner !== undefined && { owner }) };
      const on = await start({ schedules });
      await ranMore('declared');
      const off = await start({ schedules, defaults: { schedules: false } });
      await ranMore('declared');
      expect(off.log.of('warn')).toEqual([]);
      await stopApp(on);
      const last = async (): Promise<number> =>
        (await scheduler(off).get('declared', { queue: 'q' }))?.lastTick?.getTime() ?? 0;
      const lastTick = await last();
      // Its own go on meanwhile.
      await scheduler(off).upsert('mine', { task: 'other', every: '100ms', queue: 'q' });
      await ranMore('other');
      expect(await last()).toBe(lastTick);
      expect(await names(off)).toEqual(['declared', 'mine']);

      const again = await start({ schedules });
      await ranMore('declared');
      expect(await last()).toBeGreaterThan(lastTick);
      for (const name of ['declared', 'mine']) await scheduler(again).remove(name, { queue: 'q' });
    },
  );

  it('are not in the way of others, however many they are', async () => {
    @Injectable()
    class Many {
      many(): void {
        ran.push('many');
      }
    }
    const method = Object.getOwnPropertyDescriptor(Many.prototype, 'many') ?? {};
    TaskHandler('many', { queue: 'q' })(Many.prototype, 'many', method);
    const all = Array.from({ length: 120 }, (_, i) => `many ${i}`);
    for (const name of all) TaskSchedule({ every: '1s' }, { name })(Many.prototype, 'many', method);
    // Enters them, and makes no ticks.
    const on = await start({ autoStart: false }, [Many, Tasks]);
    await eventually(async () => (await names(on)).length === 121, { everyMs: 100 });
    await stopApp(on);

    const off = await start({ defaults: { schedules: false } }, [Many, Tasks]);
    await eventually(
      async () => {
        const schedules = await scheduler(off).list('q');
        return schedules.every(({ nextTick }) => nextTick !== null && nextTick.getTime() < Date.now());
      },
      { everyMs: 100 },
    );
    await scheduler(off).upsert('mine', { task: 'other', every: '100ms', queue: 'q' });
    await ranMore('other');
    expect(ran).not.toContain('many');
    for (const name of [...all, 'declared', 'mine']) await scheduler(off).remove(name, { queue: 'q' });
  });

  it('are checked all the same', async () => {
    @Injectable()
    class Twice {
      @TaskHandler('twice', { queue: 'q' })
      @TaskSchedule('0 8 * * *')
      @TaskSchedule('0 9 * * *')
      twice(): void {
        // Never called.
      }
    }
    await expect(start({ defaults: { schedules: false } }, [Twice])).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_SCHEDULE' }),
    );
  });
});

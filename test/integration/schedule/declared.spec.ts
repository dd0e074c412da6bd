import { Injectable, type Type } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TaskHandler, TaskSchedule, TaskScheduler, type TaskScheduleOptions } from '../../../lib/index.js';
import { eventually } from '../../support/eventually.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, stopApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('declared');

interface Declared {
  cron: string;
  options?: TaskScheduleOptions;
}

/** A provider with a handler of `report` on queue `q`, and these schedules. */
function tasksWith(...schedules: Declared[]): Type {
  @Injectable()
  class ReportTasks {
    build(): void {
      // Nothing ticks as soon as these tests are long.
    }
  }
  const method = Object.getOwnPropertyDescriptor(ReportTasks.prototype, 'build') ?? {};
  TaskHandler('report', { queue: 'q' })(ReportTasks.prototype, 'build', method);
  for (const { cron, options } of schedules.toReversed()) {
    TaskSchedule(cron, options)(ReportTasks.prototype, 'build', method);
  }
  return ReportTasks;
}

const start = async (owner: string | undefined, ...schedules: Declared[]): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...(owner && { schedules: { owner } }) }, [
    tasksWith(...schedules),
  ]);

const names = async ({ app }: TestApp): Promise<string[]> =>
  (await app.get(TaskScheduler).list('q')).map(({ name }) => name).sort();
const become = async (app: TestApp, expected: string[]): Promise<unknown> =>
  eventually(async () => expect(await names(app)).toEqual(expected) ?? true, {
    what: `That there is ${String(expected)}`,
  });

const weekly = (name: string): Declared => ({ cron: '0 8 * * 1', options: { name } });

describe('schedules in code', () => {
  it('stand in Redis as they are declared, named like their task by default', async () => {
    const app = await start('billing', {
      cron: '0 8 * * 1-5',
      options: { timezone: 'Europe/Berlin', data: { kind: 'daily' }, catchUp: 'none', overlap: 'skip', attempts: 3 },
    });
    await become(app, ['report']);
    expect(await app.app.get(TaskScheduler).list('q')).toMatchObject([
      {
        name: 'report',
        queue: 'q',
        task: 'report',
        data: { kind: 'daily' },
        cron: '0 8 * * 1-5',
        timezone: 'Europe/Berlin',
        every: null,
        catchUp: 'none',
        overlap: 'skip',
        owner: 'billing',
        declared: true,
        paused: false,
        lastTick: null,
      },
    ]);
    expect(app.log.of('log').join('\n')).toMatch(
      /Schedule "report" on queue "q" \(ReportTasks\.build \(TestModule\)\) is created, next at \d/,
    );
  });

  it('that change change there, and keep their next tick if only the rest does', async () => {
    const one = await start('billing', { cron: '0 8 * * 1', options: { name: 'a', catchUp: 5 } });
    await become(one, ['a']);
    await one.app.get(TaskScheduler).pause('a', { queue: 'q' });
    const two = await start('billing', { cron: '30 9 * * 1', options: { name: 'a' } });
    const scheduler = two.app.get(TaskScheduler);
    await eventually(async () => (await scheduler.get('a'))?.cron === '30 9 * * 1');
    expect(await scheduler.get('a'), 'what somebody has paused stays so').toMatchObject({
      paused: true,
      catchUp: 'last',
    });
    await scheduler.resume('a');
    expect((await scheduler.get('a'))?.nextTick?.toISOString()).toContain('T09:30:00');
  });

  it('that vanish from it are removed at the next start, by their owner only', async () => {
    const others = await start('shop', weekly('shop-report'));
    await become(others, ['shop-report']);
    await others.app.get(TaskScheduler).upsert('by hand', { cron: '0 8 * * 1', task: 'report' });
    const old = await start('billing', weekly('a'), weekly('b'));
    await become(old, ['a', 'b', 'by hand', 'shop-report']);

    const young = await start('billing', weekly('b'), weekly('c'));
    await become(young, ['b', 'by hand', 'c', 'shop-report']);
    expect(young.log.of('log').join()).toMatch(/Schedule "a" on queue "q" is not declared any more, and was removed/);

    // The old version still runs, and must not bring it back, whatever changes meanwhile.
    await young.app.get(TaskScheduler).upsert('by hand', { cron: '0 9 * * 1', task: 'report' });
    await sleep(200);
    expect(await names(young)).toEqual(['b', 'by hand', 'c', 'shop-report']);

    await stopApp(old);
    await stopApp(young);
    const last = await startApp({ redis: fixture.url, prefix: fixture.prefix, schedules: { owner: 'billing' } });
    await become(last, ['by hand', 'shop-report']);
  });

  it('that vanish from code without an owner go on, and the log says so', async () => {
    const before = await start(undefined, weekly('a'), weekly('b'));
    await before.app.get(TaskScheduler).upsert('by hand', { cron: '0 8 * * 1', task: 'report' });
    await become(before, ['a', 'b', 'by hand']);
    const app = await start(undefined, weekly('b'));
    await eventually(() => app.log.of('warn').length > 0);
    expect(app.log.of('warn')).toEqual([
      expect.stringMatching(/^Schedule "a" on queue "q" was declared in code, .* goes on: .* or set schedules\.owner/),
    ]);
    expect(await names(app)).toEqual(['a', 'b', 'by hand']);
  });

  it('do not take over what another application has declared, and say so', async () => {
    await become(await start('shop', { cron: '0 8 * * 1', options: { name: 'a' } }), ['a']);
    const app = await start('billing', { cron: '0 9 * * 1', options: { name: 'a' } });
    await eventually(() => app.log.of('error').length > 0);
    expect(app.log.of('error')[0]).toMatch(
      /Schedule "a" .* belongs to "shop" and stays as it is: give this one another name/,
    );
    expect(await app.app.get(TaskScheduler).get('a')).toMatchObject({ cron: '0 8 * * 1', owner: 'shop' });
  });
});

describe('at start', () => {
  const refused = async (...schedules: Declared[]): Promise<string> => {
    const error = await start('billing', ...schedules).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'INVALID_SCHEDULE' });
    expect(await fixture.keys(), 'nothing was written').toEqual([]);
    return (error as Error).message;
  };

  it('two schedules of one name are refused, and both are named', async () => {
    expect(await refused({ cron: '0 8 * * *' }, { cron: '0 9 * * *' })).toMatch(
      /^Schedule "report": "name" is 'report'; allowed is another name for one of the two on queue "q": ReportTasks.build .* and ReportTasks.build/,
    );
  });

  it('a schedule must stand on a handler, and say which if there are several', async () => {
    expect(await refused({ cron: '0 8 * * *', options: { task: 'other' } })).toMatch(
      /allowed is one of the handlers of ReportTasks\.build .*, by task and queue: "report" on queue "q"/,
    );
    @Injectable()
    class None {
      @TaskSchedule('0 8 * * *')
      work(): void {}
    }
    @Injectable()
    class Two {
      @TaskHandler('one')
      @TaskHandler('two')
      @TaskSchedule('0 8 * * *')
      work(): void {}
    }
    const options = { redis: fixture.url, prefix: fixture.prefix };
    await expect(startApp(options, [None])).rejects.toThrow(
      /allowed is a method that is a handler: None\.work .* has no/,
    );
    await expect(startApp(options, [Two])).rejects.toThrow(
      /by task and queue: "one" on queue "default", "two" on queue/,
    );
  });

  it('data that JSON cannot carry are refused', async () => {
    const starting = start('billing', { cron: '0 8 * * *', options: { data: { big: 1n } } });
    await expect(starting).rejects.toMatchObject({ code: 'INVALID_DATA' });
  });

  it.each<[code: string, cron: string, options: object]>([
    ['INVALID_SCHEDULE', '0 8 30 2 *', {}],
    ['INVALID_SCHEDULE', '0 8 * * *', { timezone: 'Mars/Base' }],
    ['INVALID_SCHEDULE', '0 8 * * *', { every: '1h' }],
    ['INVALID_SCHEDULE', '0 8 * * *', { zone: 'UTC' }],
    ['INVALID_SCHEDULE', '0 8 * * *', { name: '' }],
    ['INVALID_OPTIONS', '0 8 * * *', { attempts: 0 }],
  ])('%s, when the class is defined: %j %j', (code, cron, options) => {
    expect(() => tasksWith({ cron, options })).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('a schedule without a name is called by its method in what is said of it', () => {
    expect(() => tasksWith({ cron: 'never' })).toThrow(
      /^Schedule "ReportTasks\.build": "cron" is 'never'; allowed is five/,
    );
  });

  it('a wrong owner is an option that is wrong', async () => {
    await expect(start('not a name')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
